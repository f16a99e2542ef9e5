#include "http/scgi_parser.h"

#include <gtest/gtest.h>

#include "http/cgi_parse_in_steps.h"

namespace tierce::http {
namespace {

using std::string_literals::operator""s;
using Outcome = ScgiParser::Outcome;
using Parsed = CgiParsed<ScgiParser>;
using Variables = std::vector<std::pair<std::string, std::string>>;

std::string netstring(const std::string& content, const std::string& end = ",") {
  return std::to_string(content.size()) + ":" + content + end;
}
std::string block_of(const Variables& variables) {
  std::string block;
  for (const auto& [name, value] : variables) block += name + '\0' + value + '\0';
  return block;
}
std::string request_of(const Variables& variables) { return netstring(block_of(variables)); }

Parsed parse(const std::string& bytes, const VariableLimits& limits = {}) {
  return cgi_parse_all_ways<ScgiParser>(
      bytes, limits, 4000, [&](std::size_t at) { ADD_FAILURE() << "cut at " << at << " it comes to something else"; });
}

void expect_refused(const std::string& bytes, WireError want, const VariableLimits& limits = {}) {
  const Parsed parsed = parse(bytes, limits);
  ASSERT_EQ(parsed.outcome, Outcome::kRefused) << testing::PrintToString(bytes);
  EXPECT_EQ(parsed.error, want) << testing::PrintToString(bytes) << " got: " << describe(parsed.error);
}

const Variables kGet = {{"CONTENT_LENGTH", "0"}, {"SCGI", "1"}, {"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/a?b"}};

}  // namespace

TEST(ScgiParser, TakesTheSpecificationsExampleApart) {
  const Variables sent = {
      {"CONTENT_LENGTH", "27"}, {"SCGI", "1"}, {"REQUEST_METHOD", "POST"}, {"REQUEST_URI", "/deepthought"}};
  const std::string head =
      "70:CONTENT_LENGTH\0"
      "27\0SCGI\0"
      "1\0REQUEST_METHOD\0POST\0REQUEST_URI\0/deepthought\0,"s;
  ASSERT_EQ(request_of(sent), head);
  const Parsed got = parse(head + "What is the answer to life?");
  ASSERT_EQ(got.outcome, Outcome::kDone);
  EXPECT_EQ(got.variables, sent);
  EXPECT_EQ(got.head.head_bytes, head.size());
  EXPECT_EQ(got.head.content_length, 27u);
  EXPECT_EQ(got.path, "/deepthought");
}

TEST(ScgiParser, AnEmptyValueIsAValue) {
  Variables sent = kGet;
  sent.emplace_back("QUERY_STRING", "");
  sent.emplace_back("A", "");
  EXPECT_EQ(parse(request_of(sent)).variables, sent);
}

TEST(ScgiParser, SaysWhenHttpIsSpokenToIt) {
  expect_refused("GET / HTTP/1.1\r\n\r\n", WireError::kHttpOnScgi);
  expect_refused("P", WireError::kHttpOnScgi);
}

TEST(ScgiParser, RefusesMalformedLengths) {
  const std::string block = block_of(kGet);
  for (const std::string& bad :
       {":"s, "0:,"s, "00:,"s, "+5:"s, "-5:"s, " 5:"s, "5 :"s, "5;"s, "0x5:"s, "5\0:"s, "\0"s}) {
    expect_refused(bad, WireError::kBadNetstring);
  }
  expect_refused("0" + netstring(block), WireError::kBadNetstring);
  expect_refused("65537:", WireError::kVariablesTooLong);
  expect_refused("99999999999999999999999999", WireError::kVariablesTooLong);
  expect_refused(netstring(block), WireError::kVariablesTooLong, {.bytes_max = 10});
}

TEST(ScgiParser, RefusesANetstringThatEndsElsewhere) {
  const std::string block = block_of(kGet);
  expect_refused(netstring(block, ";"), WireError::kBadNetstring);
  expect_refused(netstring(block, "\0"s), WireError::kBadNetstring);
  // One byte short: the last value has no end. One too long: the comma belongs to a name without an end.
  expect_refused(std::to_string(block.size() - 1) + ":" + block + ",", WireError::kLengthPastEnd);
  expect_refused(std::to_string(block.size() + 1) + ":" + block + ",", WireError::kLengthPastEnd);
  expect_refused(netstring(block + "A"), WireError::kLengthPastEnd);
  expect_refused(netstring(block + "A\0"s), WireError::kLengthPastEnd);
  expect_refused(netstring(block + "A\0b"s), WireError::kLengthPastEnd);
  expect_refused(netstring(block + "\0b\0"s), WireError::kEmptyName);
}

TEST(ScgiParser, NeedsContentLengthFirst) {
  expect_refused(request_of({{"SCGI", "1"}, {"CONTENT_LENGTH", "0"}, {"REQUEST_METHOD", "GET"}}),
                 WireError::kContentLengthNotFirst);
  expect_refused(request_of({{"CONTENT_LENGTH", ""}, {"SCGI", "1"}}), WireError::kContentLengthNotFirst);
  expect_refused(request_of({{"content_length", "0"}, {"SCGI", "1"}}), WireError::kContentLengthNotFirst);
  expect_refused(request_of({{"CONTENT_LENGTH", "+1"}, {"SCGI", "1"}}), WireError::kBadContentLength);
  expect_refused(request_of({{"CONTENT_LENGTH", "1"}, {"SCGI", "1"}, {"CONTENT_LENGTH", "2"}}),
                 WireError::kTwoContentLengths);
}

TEST(ScgiParser, NeedsTheVariableThatNamesIt) {
  expect_refused(request_of({{"CONTENT_LENGTH", "0"}, {"REQUEST_METHOD", "GET"}}), WireError::kNoScgiVariable);
  expect_refused(request_of({{"CONTENT_LENGTH", "0"}, {"SCGI", "2"}, {"REQUEST_METHOD", "GET"}}),
                 WireError::kNoScgiVariable);
  expect_refused(request_of({{"CONTENT_LENGTH", "0"}, {"SCGI", "1"}, {"SCGI", ""}}), WireError::kNoScgiVariable);
}

TEST(ScgiParser, BoundsTheNumberOfVariables) {
  expect_refused(request_of(kGet), WireError::kTooManyVariables, {.count_max = 3});
  Variables sent = kGet;
  sent.emplace_back("LARGE", std::string(60000, 'x'));
  EXPECT_EQ(parse(request_of(sent)).outcome, Outcome::kDone);
}

}  // namespace tierce::http
