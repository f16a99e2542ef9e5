#include "http/fastcgi_reader.h"

#include <gtest/gtest.h>

#include <memory>

#include "http/cgi_parse_in_steps.h"
#include "http/fastcgi_test_records.h"

namespace tierce::http {
namespace {

using std::string_literals::operator""s;
using Outcome = FastcgiReader::Outcome;
using Variables = std::vector<std::pair<std::string, std::string>>;

// Everything a connection amounted to. Steps that repeat (kBody) count once.
struct Read {
  std::vector<Outcome> outcomes;
  WireError error{};
  std::string body, replies, method, target, path, query, authority, remote_address;
  Variables variables;
  RequestHead head;
  bool https = false, keep = false;
  bool operator==(const Read& o) const {
    return outcomes == o.outcomes && error == o.error && body == o.body && replies == o.replies &&
           variables == o.variables && keep == o.keep && head.body == o.head.body &&
           head.content_length == o.head.content_length;
  }
};

// As a connection does it: answers each request as soon as it is complete or given up.
Read read_in_pieces(const std::string& bytes, const std::vector<std::size_t>& ends, const VariableLimits& limits) {
  CgiHead head(limits);
  std::string params;
  FastcgiReader reader(limits, {.connections_max = 100, .requests_max = 200}, head, params);
  Read read;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const auto copy = std::make_unique<char[]>(end - begin);
    bytes.copy(copy.get(), end - begin, begin);
    std::string_view left(copy.get(), end - begin);
    begin = end;
    for (;;) {
      const FastcgiReader::Step step = reader.next(left);
      EXPECT_LE(step.consumed, left.size());
      left.remove_prefix(step.consumed);
      if (step.outcome == Outcome::kNeedMore) {
        EXPECT_TRUE(left.empty());
        break;
      }
      if (step.outcome != Outcome::kBody || read.outcomes.empty() || read.outcomes.back() != Outcome::kBody) {
        read.outcomes.push_back(step.outcome);
      }
      if (step.outcome == Outcome::kHead) {
        read.variables.clear();
        copy_parts(head, params, read);
        read.keep = reader.keep_connection();
      }
      read.body += step.data;
      read.replies += reader.take_reply();
      if (step.outcome == Outcome::kBodyEnd || step.outcome == Outcome::kAborted) {
        head.reset();
        params.clear();
        reader.next_request();
      }
      if (step.outcome == Outcome::kRefused) {
        read.error = head.error();
        read.body.clear();  // How much of it was handed out before depends on how it came.
        std::erase(read.outcomes, Outcome::kBody);
        return read;
      }
    }
  }
  return read;
}

Read read(const std::string& bytes, const VariableLimits& limits = {}) {
  Read whole = read_in_pieces(bytes, {bytes.size()}, limits);
  std::vector<std::size_t> each;
  for (std::size_t i = 0; i <= bytes.size(); i += 1 + bytes.size() / 2000) {
    EXPECT_EQ(read_in_pieces(bytes, {i, bytes.size()}, limits), whole) << "cut at " << i;
    each.push_back(i);
  }
  each.push_back(bytes.size());
  EXPECT_EQ(read_in_pieces(bytes, each, limits), whole);
  return whole;
}

const Variables kGet = {{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/a?b"}, {"SCRIPT_NAME", "/a"}};
const std::string kNoBody = fastcgi_record(5, 1, "");

std::string get(const Variables& more = {}) {
  Variables all = kGet;
  all.insert(all.end(), more.begin(), more.end());
  return fastcgi_begin() + fastcgi_record(4, 1, fastcgi_pairs(all)) + fastcgi_record(4, 1, "");
}

void expect_refused(const std::string& bytes, WireError want, const VariableLimits& limits = {}) {
  const Read got = read(bytes, limits);
  ASSERT_FALSE(got.outcomes.empty());
  ASSERT_EQ(got.outcomes.back(), Outcome::kRefused);
  EXPECT_EQ(got.error, want) << "got: " << describe(got.error);
}

using Outcomes = std::vector<Outcome>;

}  // namespace

TEST(FastcgiReader, ReadsARequestWithABody) {
  const std::string pairs = fastcgi_pairs({{"REQUEST_METHOD", "POST"}, {"CONTENT_LENGTH", "10"}, {"PATH_INFO", "/p"}});
  const Read got = read(fastcgi_begin(1, 1) + fastcgi_record(4, 1, pairs, 3) + fastcgi_record(4, 1, "") +
                        fastcgi_record(5, 1, "hello", 3) + fastcgi_record(5, 1, "world") + kNoBody);
  EXPECT_EQ(got.outcomes, (Outcomes{Outcome::kHead, Outcome::kBody, Outcome::kBodyEnd}));
  EXPECT_EQ(got.body, "helloworld");
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.path, "/p");
  EXPECT_EQ(got.head.content_length, 10u);
  EXPECT_TRUE(got.keep);
}

TEST(FastcgiReader, PutsParamsTogetherFromRecordsCutAnywhere) {
  const std::string long_value(300, 'v');
  const std::string pairs = fastcgi_pairs(kGet) + fastcgi_pair("LONG", long_value) + fastcgi_pair("WIDE", "w", true) +
                            fastcgi_pair(std::string(200, 'N'), "");
  for (std::size_t cut = 1; cut < pairs.size(); cut += 7) {
    const std::string bytes = fastcgi_begin() + fastcgi_record(4, 1, pairs.substr(0, cut), 1) +
                              fastcgi_record(4, 1, pairs.substr(cut)) + fastcgi_record(4, 1, "") + kNoBody;
    Read whole = read_in_pieces(bytes, {bytes.size()}, {});
    ASSERT_EQ(whole.variables.size(), 6u) << cut;
    EXPECT_EQ(whole.variables[3].second, long_value);
    EXPECT_EQ(whole.variables[4], std::make_pair("WIDE"s, "w"s));
    EXPECT_EQ(whole.variables[5].first.size(), 200u);
  }
}

TEST(FastcgiReader, ReadsOneRequestAfterAnother) {
  const Read got = read(get() + kNoBody + get({{"SECOND", "1"}}) + kNoBody);
  EXPECT_EQ(got.outcomes, (Outcomes{Outcome::kHead, Outcome::kBodyEnd, Outcome::kHead, Outcome::kBodyEnd}));
  EXPECT_EQ(got.variables.back().first, "SECOND");
  EXPECT_FALSE(got.keep);
}

TEST(FastcgiReader, ABodyWithoutALengthEndsWithItsStream) {
  const Read got = read(get() + fastcgi_record(5, 1, "abc") + kNoBody);
  EXPECT_EQ(got.body, "abc");
  EXPECT_EQ(got.head.body, BodyKind::kChunked);
}

TEST(FastcgiReader, RefusesABodyOfAnotherLengthThanDeclared) {
  const std::string five = get({{"CONTENT_LENGTH", "5"}});
  expect_refused(five + fastcgi_record(5, 1, "123456"), WireError::kBodyTooLong);
  expect_refused(five + fastcgi_record(5, 1, "1234") + kNoBody, WireError::kBodyTooShort);
  expect_refused(five + kNoBody, WireError::kBodyTooShort);
  expect_refused(get({{"CONTENT_LENGTH", "+5"}}), WireError::kBadContentLength);
}

TEST(FastcgiReader, AnswersWhatTheWebServerMayAsk) {
  const std::string asked =
      fastcgi_pairs({{"FCGI_MAX_CONNS", ""}, {"FCGI_MAX_REQS", ""}, {"FCGI_MPXS_CONNS", ""}, {"OTHER", ""}});
  const Read got = read(fastcgi_record(9, 0, asked, 2) + get() + kNoBody);
  EXPECT_EQ(got.outcomes, (Outcomes{Outcome::kReply, Outcome::kHead, Outcome::kBodyEnd}));
  const std::string values =
      fastcgi_pairs({{"FCGI_MAX_CONNS", "100"}, {"FCGI_MAX_REQS", "200"}, {"FCGI_MPXS_CONNS", "0"}});
  ASSERT_GE(got.replies.size(), 8 + values.size());
  EXPECT_EQ(got.replies.substr(0, 6), "\x01\x0a\0\0\0"s + static_cast<char>(values.size()));
  EXPECT_EQ(got.replies.substr(8, values.size()), values);
  EXPECT_EQ(got.replies.size() % 8, 0u);
  // However often it asks in one record, the answer fits one.
  std::string many;
  for (int i = 0; i < 3000; ++i) many += fastcgi_pair("FCGI_MAX_CONNS", "");
  EXPECT_EQ(read_in_pieces(fastcgi_record(9, 0, many), {8 + many.size()}, {}).replies.size(), 32u);
}

TEST(FastcgiReader, SaysWhichManagementRecordsItDoesNotKnow) {
  const Read got = read(fastcgi_record(99, 0, "abc"));
  EXPECT_EQ(got.outcomes, (Outcomes{Outcome::kReply}));
  EXPECT_EQ(got.replies, "\x01\x0b\0\0\0\x08\0\0\x63\0\0\0\0\0\0\0"s);
}

TEST(FastcgiReader, TakesOneRequestAtATime) {
  const Read got = read(get() + fastcgi_begin(2) + fastcgi_record(4, 2, "whatever") + fastcgi_record(4, 2, "") +
                        fastcgi_record(5, 2, "x") + fastcgi_record(5, 2, "") + fastcgi_record(5, 1, "mine") + kNoBody);
  EXPECT_EQ(got.outcomes, (Outcomes{Outcome::kHead, Outcome::kReply, Outcome::kBody, Outcome::kBodyEnd}));
  EXPECT_EQ(got.replies, "\x01\x03\0\x02\0\x08\0\0\0\0\0\0\x01\0\0\0"s);
  EXPECT_EQ(got.body, "mine");
}

TEST(FastcgiReader, RefusesOtherRolesThanResponder) {
  const Read got = read(fastcgi_begin(1, 0, 2) + fastcgi_record(4, 1, "x") + get() + kNoBody);
  EXPECT_EQ(got.outcomes, (Outcomes{Outcome::kReply, Outcome::kHead, Outcome::kBodyEnd}));
  EXPECT_EQ(got.replies, "\x01\x03\0\x01\0\x08\0\0\0\0\0\0\x03\0\0\0"s);
}

TEST(FastcgiReader, ARequestMayBeGivenUp) {
  EXPECT_EQ(read(get() + fastcgi_record(2, 1, "")).outcomes, (Outcomes{Outcome::kHead, Outcome::kAborted}));
  EXPECT_EQ(read(fastcgi_begin() + fastcgi_record(2, 1, "")).outcomes, (Outcomes{Outcome::kAborted}));
  EXPECT_EQ(read(fastcgi_record(2, 1, "")).outcomes, Outcomes{});
  EXPECT_EQ(read(get() + fastcgi_record(2, 7, "") + kNoBody).outcomes, (Outcomes{Outcome::kHead, Outcome::kBodyEnd}));
}

TEST(FastcgiReader, RefusesRecordsThatMayNotStandThere) {
  expect_refused(fastcgi_begin() + fastcgi_record(5, 1, "x"), WireError::kUnexpectedRecord);
  expect_refused(fastcgi_begin() + kNoBody, WireError::kUnexpectedRecord);
  expect_refused(get() + fastcgi_record(4, 1, "x"), WireError::kUnexpectedRecord);
  expect_refused(get() + fastcgi_record(4, 1, ""), WireError::kUnexpectedRecord);
  expect_refused(get() + fastcgi_begin(1), WireError::kUnexpectedRecord);
  for (const int type : {3, 6, 7, 9, 10, 11, 12, 99, 255, 0}) {
    expect_refused(fastcgi_record(type, 1, ""), WireError::kUnexpectedRecord);
    expect_refused(get() + fastcgi_record(type, 1, "abc"), WireError::kUnexpectedRecord);
  }
}

TEST(FastcgiReader, RefusesMalformedRecords) {
  expect_refused(fastcgi_record(1, 1, "1234567"), WireError::kBadRecord);
  expect_refused(fastcgi_record(1, 1, "123456789"), WireError::kBadRecord);
  expect_refused(fastcgi_record(1, 1, ""), WireError::kBadRecord);
  expect_refused("\x02"s + fastcgi_begin().substr(1), WireError::kBadRecordVersion);
  expect_refused(get() + "\0"s, WireError::kBadRecordVersion);
  expect_refused("GET / HTTP/1.1\r\n\r\n", WireError::kHttpOnFastcgi);
  expect_refused(fastcgi_record(9, 0, "\x05"), WireError::kBadRecord);
}

TEST(FastcgiReader, RefusesParamsWhoseLengthsPassTheEnd) {
  const std::string good = fastcgi_pairs(kGet);
  for (const std::string& bad : {"\x01"s,
                                 "\x05\x01"s
                                 "A"s,
                                 "\x01\x05"s
                                 "Ab"s,
                                 "\x80\0\0"s, "\x01\x80\0\0"s, "\xff\xff\xff\xff\xff\xff\xff\xff"s,
                                 "\x01\xff\xff\xff\xff"s
                                 "A"s}) {
    expect_refused(fastcgi_begin() + fastcgi_record(4, 1, good + bad) + fastcgi_record(4, 1, ""),
                   WireError::kLengthPastEnd);
  }
  expect_refused(fastcgi_begin() + fastcgi_record(4, 1, ""), WireError::kNoVariables);
  expect_refused(get({{"", "x"}}), WireError::kEmptyName);
}

TEST(FastcgiReader, BoundsTheParams) {
  expect_refused(get({{"LARGE", std::string(200, 'x')}}), WireError::kVariablesTooLong, {.bytes_max = 200});
  expect_refused(get({{"A", "1"}}), WireError::kTooManyVariables, {.count_max = 3});
}

TEST(RecordWriter, CutsAStreamIntoRecordsAndPadsTheLast) {
  std::string out;
  append_stream(out, RecordType::kStdout, 0x0102, std::string(65530, 'x'));
  ASSERT_EQ(out.size(), 8u + 65528 + 8 + 2 + 6);
  EXPECT_EQ(out.substr(0, 8), "\x01\x06\x01\x02\xff\xf8\0\0"s);
  EXPECT_EQ(out.substr(8 + 65528), "\x01\x06\x01\x02\0\x02\x06\0xx\0\0\0\0\0\0"s);
  out.clear();
  append_stream(out, RecordType::kStdout, 1, "");
  EXPECT_EQ(out, "");
  append_end_request(out, 1, ProtocolStatus::kRequestComplete);
  EXPECT_EQ(out, "\x01\x03\0\x01\0\x08\0\0\0\0\0\0\0\0\0\0"s);
}

}  // namespace tierce::http
