#include "http/request_parser.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tierce::http {
namespace {

using std::string_literals::operator""s;

// What a parse came to, parts copied out.
struct Parsed {
  RequestParser::Outcome outcome = RequestParser::Outcome::kNeedMore;
  std::optional<HeadError> error;
  RequestHead head;
  std::string method, target, path, query, authority;
  std::vector<std::pair<std::string, std::string>> fields;
  std::uint32_t underscored = 0;
  bool operator==(const Parsed& other) const {
    return outcome == other.outcome && error == other.error && method == other.method && target == other.target &&
           path == other.path && query == other.query && authority == other.authority && fields == other.fields &&
           underscored == other.underscored && head.body == other.head.body &&
           head.content_length == other.head.content_length && head.keep_alive == other.head.keep_alive &&
           head.head_bytes == other.head.head_bytes;
  }
};

Parsed parts_of(const RequestParser& parser, RequestParser::Outcome outcome, const char* bytes) {
  Parsed parsed;
  parsed.outcome = outcome;
  if (outcome == RequestParser::Outcome::kRefused) parsed.error = parser.error();
  if (outcome != RequestParser::Outcome::kDone) return parsed;
  const RequestHead& head = parsed.head = parser.head();
  const auto copy = [bytes](Span span) { return std::string(span.in(bytes)); };
  parsed.method = copy(head.method_name);
  parsed.target = copy(head.target);
  parsed.path = copy(head.path);
  parsed.query = copy(head.query);
  parsed.authority = copy(head.authority);
  for (std::uint32_t i = 0; i < head.field_count; ++i) {
    parsed.fields.emplace_back(copy(parser.fields()[i].name), copy(parser.fields()[i].value));
  }
  parsed.underscored = parser.underscored_dropped();
  return parsed;
}

// Parses growing prefixes, each in memory of its own and of its exact size: the buffer moves between
// calls, and the sanitizer sees a read past the end.
Parsed parse_in_steps(const std::string& bytes, const std::vector<std::size_t>& ends, const HeadLimits& limits) {
  std::vector<HeaderField> fields(limits.fields_max);
  RequestParser parser(limits, fields.data());
  Parsed parsed;
  for (const std::size_t end : ends) {
    const auto copy = std::make_unique<char[]>(end);
    bytes.copy(copy.get(), end);
    parsed = parts_of(parser, parser.parse({copy.get(), end}), copy.get());
    if (parsed.outcome != RequestParser::Outcome::kNeedMore) break;
  }
  return parsed;
}

// Whole, split in two at every position, and byte by byte: all must agree.
Parsed parse(const std::string& bytes, const HeadLimits& limits = {}) {
  Parsed whole = parse_in_steps(bytes, {bytes.size()}, limits);
  std::vector<std::size_t> each;
  for (std::size_t i = 0; i <= bytes.size(); ++i) {
    if (bytes.size() < 3000) {
      EXPECT_EQ(parse_in_steps(bytes, {i, bytes.size()}, limits), whole) << "split at " << i << " of " << bytes;
    }
    each.push_back(i);
  }
  EXPECT_EQ(parse_in_steps(bytes, each, limits), whole) << "byte by byte: " << bytes;
  return whole;
}

std::string with_field(const std::string& line) { return "POST /a HTTP/1.1\r\nHost: h\r\n" + line + "\r\n\r\n"; }
std::string with_line(const std::string& line) { return line + "\r\nHost: h\r\n\r\n"; }

void expect_done(const std::string& bytes) {
  const Parsed parsed = parse(bytes);
  EXPECT_EQ(parsed.outcome, RequestParser::Outcome::kDone)
      << bytes << (parsed.error ? describe(*parsed.error) : "needs more");
}

struct Refusal {
  std::string bytes;
  HeadError want;
};

void expect_refused(const std::vector<Refusal>& cases, const HeadLimits& limits = {}) {
  for (const Refusal& c : cases) {
    const Parsed parsed = parse(c.bytes, limits);
    ASSERT_EQ(parsed.outcome, RequestParser::Outcome::kRefused) << c.bytes;
    EXPECT_EQ(*parsed.error, c.want) << c.bytes << "\ngot: " << describe(*parsed.error);
  }
}

}  // namespace

TEST(RequestParser, TakesATypicalGetApart) {
  const std::string bytes =
      "GET /shop/items?page=2&q=%zz HTTP/1.1\r\nHost: shop.example:8080\r\nUser-Agent: \t curl/8 "
      "\t\r\nX-Empty:\r\n\r\n";
  const Parsed got = parse(bytes + "GET /next");
  ASSERT_EQ(got.outcome, RequestParser::Outcome::kDone);
  EXPECT_EQ(got.head.method, Method::kGet);
  EXPECT_EQ(got.method, "GET");
  EXPECT_EQ(got.target, "/shop/items?page=2&q=%zz");
  EXPECT_EQ(got.path, "/shop/items");
  EXPECT_TRUE(got.head.has_query);
  EXPECT_EQ(got.query, "page=2&q=%zz");
  EXPECT_EQ(got.authority, "shop.example:8080");
  EXPECT_EQ(got.head.minor_version, 1);
  EXPECT_EQ(got.head.body, BodyKind::kNone);
  EXPECT_TRUE(got.head.keep_alive);
  EXPECT_EQ(got.head.head_bytes, bytes.size());
  using Field = std::pair<std::string, std::string>;
  EXPECT_EQ(got.fields, (std::vector<Field>{{"Host", "shop.example:8080"}, {"User-Agent", "curl/8"}, {"X-Empty", ""}}));
}

TEST(RequestParser, KnowsMethodsAndCarriesOthers) {
  EXPECT_EQ(parse(with_line("PATCH / HTTP/1.1")).head.method, Method::kPatch);
  EXPECT_EQ(parse(with_line("PROPFIND / HTTP/1.1")).head.method, Method::kOther);
  EXPECT_EQ(parse(with_line("M-SEARCH_X / HTTP/1.1")).method, "M-SEARCH_X");
  expect_done(with_line(std::string(32, 'A') + " / HTTP/1.1"));
  expect_refused({{std::string(33, 'A'), HeadError::kBadMethod},
                  {"get / HTTP/1.1\r\n", HeadError::kBadMethod},
                  {"G\x01T", HeadError::kBadMethod},
                  {" / HTTP/1.1\r\n", HeadError::kBadMethod},
                  {"\x16\x03\x01", HeadError::kBadMethod},  // A TLS hello.
                  {"GET\r\n", HeadError::kBadMethod}});
}

TEST(RequestParser, SkipsOneEmptyLineInFrontAndNoMore) {
  const Parsed got = parse("\r\n" + with_line("GET / HTTP/1.1"));
  ASSERT_EQ(got.outcome, RequestParser::Outcome::kDone);
  EXPECT_EQ(got.head.head_bytes, 2 + with_line("GET / HTTP/1.1").size());
  EXPECT_EQ(got.method, "GET");
  expect_refused({{"\r\n\r\nGET / HTTP/1.1\r\n", HeadError::kBadMethod},
                  {"\nGET / HTTP/1.1\r\n", HeadError::kBareLf},
                  {"\rGET / HTTP/1.1\r\n", HeadError::kBareCr},
                  {"\r\n\nGET / HTTP/1.1\r\n", HeadError::kBareLf}});
}

TEST(RequestParser, ReadsOnlyHttp1) {
  EXPECT_EQ(parse("GET / HTTP/1.0\r\n\r\n").head.minor_version, 0);
  EXPECT_EQ(parse(with_line("GET / HTTP/1.7")).head.minor_version, 1);
  expect_refused({{"GET / HTTP/0.9\r\n", HeadError::kBadVersion},
                  {"GET /\r\n", HeadError::kBadVersion},
                  {"GET / \r\n", HeadError::kBadVersion},
                  {"GET / HTTP/1.1 \r\n", HeadError::kBadVersion},
                  {"GET / HTTP/1\r\n", HeadError::kBadVersion},
                  {"GET / HTTP/11.1\r\n", HeadError::kBadVersion},
                  {"GET / HTTP/1.10\r\n", HeadError::kBadVersion},
                  {"GET / http/1.1\r\n", HeadError::kBadVersion},
                  {"GET / HTTP/1,1\r\n", HeadError::kBadVersion},
                  {"GET / ICY/1.1\r\n", HeadError::kBadVersion},
                  {"GET / HTTP/2.0\r\n", HeadError::kUnsupportedVersion},
                  {"PRI * HTTP/2.0\r\n", HeadError::kUnsupportedVersion},
                  {"GET / HTTP/3.1\r\n", HeadError::kUnsupportedVersion}});
  EXPECT_EQ(status_of(HeadError::kUnsupportedVersion), 505);
  EXPECT_EQ(status_of(HeadError::kBadVersion), 400);
}

TEST(RequestParser, TakesTheAbsoluteFormApart) {
  struct Case {
    std::string target, authority, path, query;
    bool has_query;
  };
  const Case cases[] = {{"http://a.example/x?y", "a.example", "/x", "y", true},
                        {"HTTPS://a.example:443/", "a.example:443", "/", "", false},
                        {"http://h", "h", "", "", false},
                        {"http://h?q", "h", "", "q", true},
                        {"http://h?", "h", "", "", true},
                        {"http://[::1]:80//x", "[::1]:80", "//x", "", false}};
  for (const Case& c : cases) {
    const Parsed got = parse("GET " + c.target + " HTTP/1.1\r\nHost: other\r\n\r\n");
    ASSERT_EQ(got.outcome, RequestParser::Outcome::kDone) << c.target;
    EXPECT_EQ(got.authority, c.authority) << c.target;
    EXPECT_EQ(got.path, c.path) << c.target;
    EXPECT_EQ(got.query, c.query) << c.target;
    EXPECT_EQ(got.head.has_query, c.has_query) << c.target;
  }
}

TEST(RequestParser, RefusesTargetsThatAreNoPath) {
  for (const char* target :
       {"foo/bar",  "*",       "example.com:443", "http://", "http:///x", "http://u@h/",     "http://u:p@h/",
        "ftp://h/", "http:/h", "//h/..#x",        "/a#b",    "#",         "http://h:99999/", "http://a,b/",
        "*x",       "?q",      "http://h\\@x/",   "/a b",    "/a\tb",     "/a\x01",          "/a\x7f"}) {
    expect_refused({{with_line("GET "s + target + " HTTP/1.1"), HeadError::kBadTarget}});
  }
  expect_refused({{with_line("GET /a \0.php HTTP/1.1"s), HeadError::kBadTarget},
                  {with_line("GET /a\0 HTTP/1.1"s), HeadError::kBadTarget},
                  {with_line("GET  / HTTP/1.1"), HeadError::kBadTarget},
                  {with_line("GET /  HTTP/1.1"), HeadError::kBadTarget},
                  {with_line("GET /\rx HTTP/1.1"), HeadError::kBareCr},
                  {with_line("OPTIONS ** HTTP/1.1"), HeadError::kBadTarget},
                  {"GET \r\n", HeadError::kBadTarget}});
}

TEST(RequestParser, CarriesTargetsAsSent) {
  EXPECT_EQ(parse(with_line("OPTIONS * HTTP/1.1")).path, "*");
  EXPECT_EQ(parse(with_line("GET /\xc3\xa9\xff HTTP/1.1")).path, "/\xc3\xa9\xff");
  EXPECT_EQ(parse(with_line("GET //a/../b;c=\"<>\\^`{|} HTTP/1.1")).path, "//a/../b;c=\"<>\\^`{|}");
  const Parsed empty_query = parse(with_line("GET /a? HTTP/1.1"));
  EXPECT_TRUE(empty_query.head.has_query);
  EXPECT_EQ(empty_query.path, "/a");
  EXPECT_EQ(parse(with_line("GET /a?b?c HTTP/1.1")).query, "b?c");
}

TEST(RequestParser, RefusesPathEscapesItCannotDecode) {
  for (const char* path : {"/%", "/%4", "/%zz", "/%4g", "/a%00b", "/%%41", "/%?41", "http://h/%00"}) {
    expect_refused({{with_line("GET "s + path + " HTTP/1.1"), HeadError::kBadEscape}});
  }
  EXPECT_EQ(parse(with_line("GET /%41%fF%0d%250 HTTP/1.1")).path, "/%41%fF%0d%250");
}

TEST(RequestParser, RefusesConnect) {
  expect_refused(
      {{"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", HeadError::kConnectRefused},
       {"CONNECT h:443 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", HeadError::kConnectRefused},
       {"CONNECT h:443 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n", HeadError::kConnectWithBody},
       {"CONNECT h:443 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", HeadError::kConnectWithBody}});
  EXPECT_EQ(status_of(HeadError::kConnectRefused), 405);
  EXPECT_EQ(status_of(HeadError::kConnectWithBody), 400);
}

TEST(RequestParser, EndsLinesWithCrLfAndNothingElse) {
  expect_refused({{"GET / HTTP/1.1\nHost: h\r\n\r\n", HeadError::kBareLf},
                  {"GET / HTTP/1.1\rHost: h\r\n\r\n", HeadError::kBareCr},
                  {"GET\n", HeadError::kBareLf},
                  {"GET /\n", HeadError::kBareLf},
                  {with_field("A: b\nC: d"), HeadError::kBareLf},
                  {with_field("A: b\rC: d"), HeadError::kBareCr},
                  {with_field("A: b\r"), HeadError::kBareCr},
                  {with_field("A\nB: c"), HeadError::kBareLf},
                  {with_field("A\rB: c"), HeadError::kBareCr},
                  {"GET / HTTP/1.1\r\nHost: h\r\n\n", HeadError::kBareLf},
                  {"GET / HTTP/1.1\r\nHost: h\r\n\rX", HeadError::kBareCr},
                  {"GET / HTTP/1.1\r\nHost: h\n\n", HeadError::kBareLf}});
}

TEST(RequestParser, RefusesControlBytesInValues) {
  for (int c = 0; c < 256; ++c) {
    if (c == '\r' || c == '\n') continue;
    const std::string bytes = with_field("X-A: a"s + static_cast<char>(c) + "b");
    if ((c < 0x20 && c != '\t') || c == 0x7f) {
      expect_refused({{bytes, HeadError::kBadFieldValue}});
    } else {
      expect_done(bytes);
    }
  }
}

TEST(RequestParser, RefusesNamesThatAreNoToken) {
  expect_refused({{with_field(": x"), HeadError::kBadFieldName},
                  {with_field("A"), HeadError::kBadFieldName},
                  {with_field("Content-Length\x85: 10"), HeadError::kBadFieldName},
                  {with_field("Content-Length\x0b: 10"), HeadError::kBadFieldName},
                  {with_field("A(b): x"), HeadError::kBadFieldName},
                  {with_field("A\0B: x"s), HeadError::kBadFieldName},
                  {with_field("Content-Length : 10"), HeadError::kBlankBeforeColon},
                  {with_field("Content-Length\t: 10"), HeadError::kBlankBeforeColon},
                  {with_field("A: b\r\n c"), HeadError::kFoldedLine},
                  {with_field("A: b\r\n\tc: d"), HeadError::kFoldedLine},
                  {with_field("Transfer-Encoding:\r\n\tchunked"), HeadError::kBadTransferEncoding},
                  {"GET / HTTP/1.1\r\n Host: h\r\n\r\n", HeadError::kFoldedLine}});
  expect_done(with_field("!#$%&'*+-.^`|~09: x"));
}

TEST(RequestParser, NeedsExactlyOneHost) {
  const std::string line = "GET / HTTP/1.1\r\n", old = "GET / HTTP/1.0\r\n";
  expect_done(old + "\r\n");
  expect_refused({{line + "\r\n", HeadError::kNoHost},
                  {"GET http://h/ HTTP/1.1\r\n\r\n", HeadError::kNoHost},
                  {line + "Host: h\r\nHost: h\r\n\r\n", HeadError::kTwoHosts},
                  {line + "Host: h\r\nhOST: i\r\n\r\n", HeadError::kTwoHosts},
                  {old + "Host: h\r\nHost: h\r\n\r\n", HeadError::kTwoHosts},
                  {line + "H_st: h\r\n\r\n", HeadError::kNoHost}});
  for (const char* host :
       {"",      "h/x",       "/",       "u@h",  "u:p@h",   "a,b",  "a, b",   "a b",    "h:",
        "h:x",   "h:123456",  "h:65536", ":80",  "h:80:80", "[::1", "[::1]x", "[::1]:", "[fe80::1%25eth0]",
        "[h]",   "[]",        "::1",     "a..b", "..",      ".h",   "h?x",    "h#x",    "h\\x",
        "a%00b", "h\xc3\xa9", "<h>",     "h:-1", "h:+80",   "\"h\""}) {
    expect_refused({{line + "Host: " + host + "\r\n\r\n", HeadError::kBadHost}});
  }
  for (const char* host : {"h", "h.", "a-b.example:0", "127.0.0.1:65535", "[::1]", "[2001:db8::1]:8080",
                           "[::ffff:1.2.3.4]", "under_score.example", "h:00080"}) {
    expect_done(line + "Host: " + host + "\r\n\r\n");
  }
}

TEST(RequestParser, ReadsOneContentLengthOfDigits) {
  EXPECT_EQ(parse(with_field("content-length: 4294967301")).head.content_length, 4294967301u);
  EXPECT_EQ(parse(with_field("CONTENT-LENGTH:0")).head.body, BodyKind::kLength);
  EXPECT_EQ(parse(with_field("Content-Length: \t10 \t")).head.content_length, 10u);
  for (const char* value :
       {"", "5, 5", "+10", "-1", "0x10", "1_0", "1 0", "10;", "ten", "\"10\"", "1\t0", "\xef\xbc\x95"}) {
    expect_refused({{with_field("Content-Length: "s + value), HeadError::kBadContentLength}});
  }
  expect_refused({{with_field("Content-Length: 5\r\nContent-Length: 5"), HeadError::kTwoContentLengths},
                  {with_field("Content-Length: 5\r\ncontent-length: 6"), HeadError::kTwoContentLengths},
                  {with_field("Content-Length: 0\r\nContent-Length: 0"), HeadError::kTwoContentLengths},
                  {with_field("Content-Length: 10\x0b"), HeadError::kBadFieldValue},
                  {with_field("Content-Length: 9223372036854775808"), HeadError::kContentLengthTooLarge},
                  {with_field("Content-Length: 18446744073709551621"), HeadError::kContentLengthTooLarge}});
}

TEST(RequestParser, ReadsOneTransferEncodingThatIsChunked) {
  EXPECT_EQ(parse(with_field("Transfer-Encoding: ChunKed")).head.body, BodyKind::kChunked);
  for (const char* value :
       {"", "gzip", "identity", "gzip, chunked", "chunked, identity", "chunked, chunked", ",chunked", "chunked,",
        "xchunked", "chunkedx", "chunked;q=1", "\"chunked\"", "chun ked", "\u00a0chunked", "chunked\x85"}) {
    expect_refused({{with_field("Transfer-Encoding: "s + value), HeadError::kBadTransferEncoding}});
  }
  const std::string chunked = "Transfer-Encoding: chunked", length = "Content-Length: 5";
  expect_refused({{with_field(chunked + "\r\n" + chunked), HeadError::kBadTransferEncoding},
                  {with_field(chunked + "\r\nTransfer-Encoding: identity"), HeadError::kBadTransferEncoding},
                  {with_field(chunked + "\r\nTransfer-Encoding: gzip"), HeadError::kBadTransferEncoding},
                  {with_field("Transfer-Encoding: gzip\r\n" + chunked), HeadError::kBadTransferEncoding},
                  {with_field("Transfer-Encoding: chunked\x0b"), HeadError::kBadFieldValue},
                  {with_field("Transfer-Encoding: \x0b"
                              "chunked"),
                   HeadError::kBadFieldValue},
                  {with_field(chunked + "\r\n" + length), HeadError::kTransferEncodingAndLength},
                  {with_field(length + "\r\n" + chunked), HeadError::kTransferEncodingAndLength},
                  {with_field("Content-Length: 0\r\n" + chunked), HeadError::kTransferEncodingAndLength},
                  {"POST / HTTP/1.0\r\n" + chunked + "\r\n\r\n", HeadError::kTransferEncodingInHttp10}});
}

TEST(RequestParser, RefusesTwoContentTypes) {
  expect_done(with_field("Content-Type: a/b"));
  expect_refused({{with_field("Content-Type: a/b\r\ncontent-type: a/b"), HeadError::kTwoContentTypes}});
}

TEST(RequestParser, KnowsOneExpectation) {
  EXPECT_TRUE(parse(with_field("Expect: 100-Continue")).head.expect_continue);
  EXPECT_FALSE(parse("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").head.expect_continue);
  expect_refused({{with_field("Expect: 200-ok"), HeadError::kBadExpect},
                  {with_field("Expect:"), HeadError::kBadExpect},
                  {with_field("Expect: 100-continue, x"), HeadError::kBadExpect}});
  EXPECT_EQ(status_of(HeadError::kBadExpect), 417);
}

TEST(RequestParser, WeighsConnectionOptions) {
  const auto head = [](const std::string& version, const std::string& lines) {
    return parse("GET / " + version + "\r\nHost: h\r\n" + lines + "\r\n").head;
  };
  EXPECT_TRUE(head("HTTP/1.1", "").keep_alive);
  EXPECT_FALSE(head("HTTP/1.0", "").keep_alive);
  EXPECT_TRUE(head("HTTP/1.0", "Connection: Keep-Alive\r\n").keep_alive);
  EXPECT_FALSE(head("HTTP/1.1", "Connection: x ,\tCLOSE\t,\r\n").keep_alive);
  EXPECT_FALSE(head("HTTP/1.1", "Connection: close\r\nConnection: keep-alive\r\n").keep_alive);
  EXPECT_FALSE(head("HTTP/1.0", "Connection: keep-alive, close\r\n").keep_alive);
  EXPECT_TRUE(head("HTTP/1.1", "Connection: closed\r\n").keep_alive);
  EXPECT_TRUE(head("HTTP/1.1", "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n").upgrade);
  EXPECT_FALSE(head("HTTP/1.1", "Connection: Upgrade\r\n").upgrade);
  EXPECT_FALSE(head("HTTP/1.1", "Upgrade: h2c\r\n").upgrade);
  EXPECT_FALSE(head("HTTP/1.0", "Connection: Upgrade\r\nUpgrade: h2c\r\n").upgrade);
  EXPECT_TRUE(head("HTTP/1.1", "TE: gzip;q=0.5, Trailers\r\n").te_trailers);
  EXPECT_FALSE(head("HTTP/1.1", "TE: trailersx\r\n").te_trailers);
}

TEST(RequestParser, UnderscoredNamesNeverActAsDashedOnes) {
  const Parsed got =
      parse(with_field("Content_Length: 5\r\nTransfer_Encoding: chunked\r\nX-Auth_User: root\r\nX_Forwarded_For: ::1"));
  ASSERT_EQ(got.outcome, RequestParser::Outcome::kDone);
  EXPECT_EQ(got.head.body, BodyKind::kNone);
  EXPECT_EQ(got.fields.size(), 1u);
  EXPECT_EQ(got.underscored, 4u);

  HeadLimits limits;
  limits.underscores = true;
  const Parsed kept = parse(with_field("Content_Length: 5\r\nX_a: b"), limits);
  EXPECT_EQ(kept.head.body, BodyKind::kNone);
  EXPECT_EQ(kept.fields.size(), 3u);
  EXPECT_EQ(kept.underscored, 0u);
  expect_refused(
      {{with_field("X_a: b\x07"), HeadError::kBadFieldValue}, {with_field("X_a : b"), HeadError::kBlankBeforeColon}});
}

TEST(RequestParser, DropsNamesThatAreNotPlainWhereItIsAsked) {
  HeadLimits limits;
  limits.plain_names = limits.underscores = true;
  const Parsed got = parse(with_field("Odd.Name: a\r\nX!: b\r\nPlain-1: c\r\nX_a: d"), limits);
  ASSERT_EQ(got.outcome, RequestParser::Outcome::kDone);
  EXPECT_EQ(got.fields.size(), 3u);
}

TEST(RequestParser, RefusesTooLongLinesBeforeTheyEnd) {
  HeadLimits limits;
  limits.request_line_bytes_max = 20;
  limits.field_bytes_max = 10;
  const std::string longest = "GET /678901 HTTP/1.1";
  ASSERT_EQ(longest.size(), 20u);
  EXPECT_EQ(parse(longest + "\r\nHost: hhhh\r\n\r\n", limits).outcome, RequestParser::Outcome::kDone);
  EXPECT_EQ(parse(longest, limits).outcome, RequestParser::Outcome::kNeedMore);
  EXPECT_EQ(parse(longest + "\r\nHost: hhhh", limits).outcome, RequestParser::Outcome::kNeedMore);
  expect_refused({{"GET /6789012 HTTP/1.1", HeadError::kRequestLineTooLong},
                  {"GET /" + std::string(16, 'a'), HeadError::kRequestLineTooLong},
                  {longest + "\r\nHost: hhhhh", HeadError::kFieldTooLong},
                  {longest + "\r\nHost-of-mine", HeadError::kFieldTooLong}},
                 limits);
  EXPECT_EQ(status_of(HeadError::kRequestLineTooLong), 414);
  EXPECT_EQ(status_of(HeadError::kFieldTooLong), 431);
}

TEST(RequestParser, RefusesTooManyFieldsAtTheFirstByteOfTheNext) {
  HeadLimits limits;
  limits.fields_max = 2;
  const std::string two = "GET / HTTP/1.1\r\nHost: h\r\nX_dropped: counts too\r\n";
  EXPECT_EQ(parse(two + "\r\n", limits).outcome, RequestParser::Outcome::kDone);
  EXPECT_EQ(parse(two, limits).outcome, RequestParser::Outcome::kNeedMore);
  expect_refused({{two + "A", HeadError::kTooManyFields}}, limits);
  limits.fields_max = 4096;  // More than kHeaderFieldsMax.
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (std::uint32_t i = 1; i < kHeaderFieldsMax; ++i) many += "A:\r\n";
  EXPECT_EQ(parse(many + "\r\n", limits).outcome, RequestParser::Outcome::kDone);
  expect_refused({{many + "A:\r\n\r\n", HeadError::kTooManyFields}}, limits);
}

TEST(RequestParser, RefusesTooLongHeadsBeforeTheyEnd) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  HeadLimits limits;
  limits.head_bytes_max = static_cast<std::uint32_t>(bytes.size());
  EXPECT_EQ(parse(bytes + "body", limits).outcome, RequestParser::Outcome::kDone);
  for (std::uint32_t less = 1; less < bytes.size(); ++less) {
    limits.head_bytes_max = static_cast<std::uint32_t>(bytes.size()) - less;
    expect_refused({{bytes, HeadError::kHeadTooLong}}, limits);
    expect_refused({{bytes.substr(0, limits.head_bytes_max), HeadError::kHeadTooLong}}, limits);
  }
  EXPECT_EQ(status_of(HeadError::kHeadTooLong), 431);
}

TEST(RequestParser, LeavesWhatIsPipelinedBehindAnInvalidHeadUnread) {
  const std::string valid = "GET /admin HTTP/1.1\r\nHost: h\r\n\r\n";
  HeaderField fields[100];
  const HeadLimits limits;
  RequestParser parser(limits, fields);
  const std::string bytes = "GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n" + valid;
  EXPECT_EQ(parser.parse(bytes), RequestParser::Outcome::kRefused);
  EXPECT_EQ(parser.parse(bytes), RequestParser::Outcome::kRefused);
}

TEST(RequestParser, IsFreshAfterReset) {
  HeaderField fields[100];
  const HeadLimits limits;
  RequestParser parser(limits, fields);
  const std::string first =
      "POST http://a/x?y HTTP/1.1\r\nHost: h\r\nContent-Type: t/t\r\nContent-Length: 3\r\n"
      "Connection: close, upgrade\r\nUpgrade: u\r\nX_a: b\r\nTE: trailers\r\nExpect: 100-continue\r\n\r\n";
  ASSERT_EQ(parser.parse(first), RequestParser::Outcome::kDone);
  parser.reset();
  const std::string second = "GET / HTTP/1.0\r\n\r\n";
  ASSERT_EQ(parser.parse(second), RequestParser::Outcome::kDone);
  const RequestHead& head = parser.head();
  EXPECT_EQ(head.body, BodyKind::kNone);
  EXPECT_EQ(head.authority.length, 0u);
  EXPECT_FALSE(head.has_query || head.upgrade || head.te_trailers || head.expect_continue || head.keep_alive);
  EXPECT_EQ(head.field_count + parser.underscored_dropped(), 0u);
}

TEST(HeadError, EachHasItsOwnWords) {
  std::vector<std::string_view> seen;
  for (int i = 0; i <= static_cast<int>(HeadError::kBadEscape); ++i) {
    const std::string_view words = describe(static_cast<HeadError>(i));
    EXPECT_EQ(std::count(seen.begin(), seen.end(), words), 0) << words;
    seen.push_back(words);
  }
}

}  // namespace tierce::http
