#include "http/cgi_head.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "http/cgi_parse_in_steps.h"

namespace tierce::http {
namespace {

using std::string_literals::operator""s;
using Variables = std::vector<std::pair<std::string, std::string>>;

struct Made {
  std::optional<WireError> error;
  RequestHead head;
  Variables variables;
  std::string method, target, path, query, authority, remote_address;
  bool https = false;
};

Made make(const Variables& sent, BodyEnd body_end = BodyEnd::kContentLength) {
  VariableLimits limits;
  CgiHead head(limits);
  std::string bytes;
  std::vector<HeaderField> spans;
  const auto put = [&](const std::string& text) {
    const Span span{static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(text.size())};
    bytes += text;
    return span;
  };
  for (const auto& [name, value] : sent) {
    const Span key = put(name);
    spans.push_back({key, put(value)});
  }
  Made made;
  for (const HeaderField& field : spans) {
    if (!head.add(bytes, field.name, field.value)) {
      made.error = head.error();
      return made;
    }
  }
  if (!head.finish(bytes, static_cast<std::uint32_t>(bytes.size()), body_end)) {
    made.error = head.error();
  } else {
    copy_parts(head, bytes, made);
  }
  return made;
}

Made make_with(Variables more, BodyEnd body_end = BodyEnd::kContentLength) {
  Variables all = {{"REQUEST_METHOD", "POST"}};
  all.insert(all.end(), more.begin(), more.end());
  return make(all, body_end);
}

void expect_refused(const Variables& more, WireError want) {
  const Made made = make_with(more);
  ASSERT_TRUE(made.error.has_value()) << testing::PrintToString(more);
  EXPECT_EQ(*made.error, want) << testing::PrintToString(more) << " got: " << describe(*made.error);
}

}  // namespace

TEST(CgiHead, ReadsContentLengthAsHttpDoes) {
  EXPECT_EQ(make_with({{"CONTENT_LENGTH", "10"}}).head.content_length, 10u);
  EXPECT_EQ(make_with({{"CONTENT_LENGTH", "0"}}).head.body, BodyKind::kLength);
  EXPECT_EQ(make_with({{"CONTENT_LENGTH", ""}}).head.body, BodyKind::kNone);
  EXPECT_EQ(make_with({}).head.body, BodyKind::kNone);
  for (const char* bad : {"+10", "-1", "0x10", "1_0", "10 ", " 10", "5, 5", "5,5", "1e3", "\xd9\xa3", "10\n"}) {
    expect_refused({{"CONTENT_LENGTH", bad}}, WireError::kBadContentLength);
  }
  expect_refused({{"CONTENT_LENGTH", "99999999999999999999"}}, WireError::kContentLengthTooLarge);
  expect_refused({{"CONTENT_LENGTH", "9223372036854775808"}}, WireError::kContentLengthTooLarge);
}

TEST(CgiHead, RefusesTwoContentLengthsThatSaySomething) {
  expect_refused({{"CONTENT_LENGTH", "5"}, {"CONTENT_LENGTH", "5"}}, WireError::kTwoContentLengths);
  expect_refused({{"CONTENT_LENGTH", "5"}, {"CONTENT_LENGTH", "6"}}, WireError::kTwoContentLengths);
  // "uwsgi_param CONTENT_LENGTH ''" behind nginx's stock parameters: a subrequest without the body.
  EXPECT_EQ(make_with({{"CONTENT_LENGTH", "5"}, {"CONTENT_LENGTH", ""}}).head.body, BodyKind::kNone);
  EXPECT_EQ(make_with({{"CONTENT_LENGTH", ""}, {"CONTENT_LENGTH", "5"}}).head.content_length, 5u);
}

TEST(CgiHead, TheClientsOwnLengthHeaderIsNotTheFrontServers) {
  EXPECT_EQ(make_with({{"HTTP_CONTENT_LENGTH", "7"}}).head.body, BodyKind::kNone);
}

TEST(CgiHead, RefusesABodyWhoseEndNobodyKnows) {
  expect_refused({{"HTTP_TRANSFER_ENCODING", "chunked"}}, WireError::kLengthRequired);
  EXPECT_EQ(status_of(WireError::kLengthRequired), 411);
  EXPECT_FALSE(make_with({{"HTTP_TRANSFER_ENCODING", "chunked"}, {"CONTENT_LENGTH", "3"}}).error);
  EXPECT_EQ(make_with({{"HTTP_TRANSFER_ENCODING", "chunked"}}, BodyEnd::kFraming).head.body, BodyKind::kChunked);
}

TEST(CgiHead, AStreamWithItsOwnEndNeedsNoLengthAndKeepsOneThatIsSent) {
  EXPECT_EQ(make_with({}, BodyEnd::kFraming).head.body, BodyKind::kChunked);
  EXPECT_EQ(make_with({{"CONTENT_LENGTH", ""}}, BodyEnd::kFraming).head.body, BodyKind::kChunked);
  EXPECT_EQ(make_with({{"CONTENT_LENGTH", "4"}}, BodyEnd::kFraming).head.body, BodyKind::kLength);
}

TEST(CgiHead, NeedsAMethodThatIsOne) {
  EXPECT_EQ(*make({{"REQUEST_URI", "/"}}).error, WireError::kNoMethod);
  EXPECT_EQ(*make({{"REQUEST_METHOD", ""}}).error, WireError::kNoMethod);
  for (const char* bad : {"get", "G T", "GET\r", "GET /", "G\xc9T", "GETGETGETGETGETGETGETGETGETGETGET"}) {
    EXPECT_EQ(*make({{"REQUEST_METHOD", bad}}).error, WireError::kBadMethod) << bad;
  }
  EXPECT_EQ(make({{"REQUEST_METHOD", "VERSION-CONTROL"}}).method, "VERSION-CONTROL");
  EXPECT_EQ(make({{"REQUEST_METHOD", "POST"}, {"REQUEST_METHOD", "HEAD"}}).head.method, Method::kHead);
}

TEST(CgiHead, RefusesWhatNoFrontServerSends) {
  expect_refused({{"", "x"}}, WireError::kEmptyName);
  expect_refused({{"A", "x\0y"s}}, WireError::kNulByte);
  expect_refused({{"A\0B"s, "x"}}, WireError::kNulByte);
  expect_refused({{"REQUEST_URI", "/a\r\nX: y"}}, WireError::kBadTarget);
  expect_refused({{"REQUEST_URI", "/a\x7f"}}, WireError::kBadTarget);
  EXPECT_EQ(*make({}).error, WireError::kNoVariables);
}

TEST(CgiHead, AValueMayHoldLines) {
  // nginx: uwsgi_param SSL_CLIENT_CERT $ssl_client_cert;
  const Made made = make_with({{"SSL_CLIENT_CERT", "-----BEGIN\n\tCERT"}});
  ASSERT_FALSE(made.error);
  EXPECT_EQ(made.variables.back().second, "-----BEGIN\n\tCERT");
}

TEST(CgiHead, NamesThatLoadCodeInUwsgiAreOnlyVariables) {
  for (const char* name : {"UWSGI_FILE", "UWSGI_MODULE", "UWSGI_CALLABLE", "UWSGI_SETENV", "UWSGI_APPID",
                           "UWSGI_SCRIPT", "UWSGI_PYHOME", "UWSGI_CHDIR"}) {
    const Made made = make_with({{name, "/tmp/evil.py"}});
    ASSERT_FALSE(made.error);
    EXPECT_EQ(made.variables.back(), std::make_pair(std::string(name), std::string("/tmp/evil.py")));
  }
}

TEST(CgiHead, FindsThePathWhereTheFrontServerPutIt) {
  struct Case {
    Variables sent;
    const char* path;
    PathForm form;
    bool path_info_sent;
  };
  const Case cases[] = {
      {{{"PATH_INFO", "/a b"}, {"REQUEST_URI", "/a%20b"}}, "/a b", PathForm::kDecoded, true},
      {{{"PATH_INFO", ""}, {"SCRIPT_NAME", "/app"}}, "", PathForm::kDecoded, true},
      // nginx's fastcgi_params, mod_proxy_fcgi: the path is the script.
      {{{"SCRIPT_NAME", "/x y"}, {"DOCUMENT_URI", "/z"}, {"REQUEST_URI", "/x%20y?q"}},
       "/x y",
       PathForm::kDecoded,
       false},
      // nginx's scgi_params.
      {{{"DOCUMENT_URI", "/d d"}, {"REQUEST_URI", "/d%20d?q"}}, "/d d", PathForm::kDecoded, false},
      {{{"REQUEST_URI", "/r%20r?q"}}, "/r%20r", PathForm::kRaw, false},
      {{{"SCRIPT_NAME", ""}, {"REQUEST_URI", "/r"}}, "/r", PathForm::kRaw, false},
      {{}, "", PathForm::kRaw, false},
  };
  for (const Case& c : cases) {
    const Made made = make_with(c.sent);
    ASSERT_FALSE(made.error);
    EXPECT_EQ(made.path, c.path);
    EXPECT_EQ(made.head.path_form, c.form) << c.path;
    EXPECT_EQ(made.head.path_info_sent, c.path_info_sent) << c.path;
  }
}

TEST(CgiHead, KnowsWhetherTheClientSpokeTls) {
  EXPECT_TRUE(make_with({{"HTTPS", "on"}}).https);
  EXPECT_TRUE(make_with({{"HTTPS", "ON"}}).https);
  EXPECT_TRUE(make_with({{"HTTPS", "1"}}).https);
  EXPECT_FALSE(make_with({{"HTTPS", "off"}, {"REQUEST_SCHEME", "https"}}).https);
  EXPECT_TRUE(make_with({{"UWSGI_SCHEME", "https"}}).https);
  EXPECT_TRUE(make_with({{"HTTPS", ""}, {"REQUEST_SCHEME", "https"}}).https);
  EXPECT_FALSE(make_with({{"REQUEST_SCHEME", "http"}}).https);
  EXPECT_FALSE(make_with({}).https);
}

TEST(CgiHead, TheLastOfTwoCounts) {
  const Made made = make_with({{"REMOTE_ADDR", "1.1.1.1"}, {"REMOTE_ADDR", "2.2.2.2"}, {"HTTP_HOST", "h"}});
  EXPECT_EQ(made.remote_address, "2.2.2.2");
  EXPECT_EQ(made.variables.size(), 4u);
}

TEST(CgiHead, TellsWhichVariableCarriesAHeader) {
  EXPECT_TRUE(carries_header("HTTP_USER_AGENT", "user-agent"));
  EXPECT_TRUE(carries_header("HTTP_REFERER", "referer"));
  EXPECT_FALSE(carries_header("HTTP_USER-AGENT", "user-agent"));
  EXPECT_FALSE(carries_header("HTTP_USER_AGENTS", "user-agent"));
  EXPECT_FALSE(carries_header("XTTP_REFERER", "referer"));
  EXPECT_FALSE(carries_header("REFERER", "referer"));
}

}  // namespace tierce::http
