#include "http/uwsgi_parser.h"

#include <gtest/gtest.h>

#include "http/cgi_parse_in_steps.h"

namespace tierce::http {
namespace {

using std::string_literals::operator""s;
using Outcome = UwsgiParser::Outcome;
using Parsed = CgiParsed<UwsgiParser>;
using Variables = std::vector<std::pair<std::string, std::string>>;

std::string size16(std::size_t size) { return {static_cast<char>(size & 0xff), static_cast<char>(size >> 8 & 0xff)}; }

std::string block_of(const Variables& variables) {
  std::string block;
  for (const auto& [name, value] : variables) block += size16(name.size()) + name + size16(value.size()) + value;
  return block;
}

std::string packet_around(const std::string& block, char modifier1 = 0, char modifier2 = 0) {
  return modifier1 + size16(block.size()) + modifier2 + block;
}
std::string packet_of(const Variables& variables) { return packet_around(block_of(variables)); }

Parsed parse(const std::string& bytes, const VariableLimits& limits = {}) {
  return cgi_parse_all_ways<UwsgiParser>(
      bytes, limits, 4000, [&](std::size_t at) { ADD_FAILURE() << "cut at " << at << " it comes to something else"; });
}

void expect_refused(const std::string& bytes, WireError want, const VariableLimits& limits = {}) {
  const Parsed parsed = parse(bytes, limits);
  ASSERT_EQ(parsed.outcome, Outcome::kRefused) << testing::PrintToString(bytes);
  EXPECT_EQ(parsed.error, want) << testing::PrintToString(bytes) << " got: " << describe(parsed.error);
}

const Variables kGet = {{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/a?b"}, {"PATH_INFO", "/a"}, {"QUERY_STRING", "b"}};

Variables with(Variables more) {
  Variables all = kGet;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

TEST(UwsgiParser, TakesWhatNginxSendsApart) {
  const Variables sent = {{"QUERY_STRING", "page=2"},
                          {"REQUEST_METHOD", "POST"},
                          {"CONTENT_TYPE", "text/plain"},
                          {"CONTENT_LENGTH", "5"},
                          {"REQUEST_URI", "/caf%C3%A9?page=2"},
                          {"PATH_INFO", "/caf\xc3\xa9"},
                          {"DOCUMENT_ROOT", "/usr/html"},
                          {"SERVER_PROTOCOL", "HTTP/1.1"},
                          {"REQUEST_SCHEME", "https"},
                          {"HTTPS", "on"},
                          {"REMOTE_ADDR", "192.0.2.7"},
                          {"REMOTE_PORT", "4711"},
                          {"SERVER_PORT", "443"},
                          {"SERVER_NAME", "shop"},
                          {"HTTP_HOST", "shop.example"},
                          {"MY_OWN", ""}};
  const std::string packet = packet_of(sent);
  const Parsed got = parse(packet + "hello and no more");
  ASSERT_EQ(got.outcome, Outcome::kDone);
  EXPECT_EQ(got.variables, sent);
  EXPECT_EQ(got.head.head_bytes, packet.size());
  EXPECT_EQ(got.head.form, FieldForm::kVariables);
  EXPECT_EQ(got.head.method, Method::kPost);
  EXPECT_EQ(got.target, "/caf%C3%A9?page=2");
  EXPECT_EQ(got.path, "/caf\xc3\xa9");
  EXPECT_EQ(got.head.path_form, PathForm::kDecoded);
  EXPECT_TRUE(got.head.path_info_sent);
  EXPECT_EQ(got.query, "page=2");
  EXPECT_EQ(got.authority, "shop.example");
  EXPECT_EQ(got.head.body, BodyKind::kLength);
  EXPECT_EQ(got.head.content_length, 5u);
  EXPECT_EQ(got.remote_address, "192.0.2.7");
  EXPECT_TRUE(got.https);
}

TEST(UwsgiParser, ModifierTwoIsNobodysBusiness) {
  EXPECT_EQ(parse(packet_around(block_of(kGet), 0, 7)).outcome, Outcome::kDone);
}

TEST(UwsgiParser, APingIsNoRequest) {
  EXPECT_EQ(parse("\x64\0\0\0"s).outcome, Outcome::kPing);
  expect_refused("\x64\x01\0\0x"s, WireError::kBadModifier);
}

TEST(UwsgiParser, SaysWhenHttpIsSpokenToIt) {
  for (const char* request : {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) {
    expect_refused(request, WireError::kHttpOnUwsgi);
  }
  EXPECT_NE(describe(WireError::kHttpOnUwsgi).find("an HTTP request on a uwsgi socket; use http-socket"),
            std::string_view::npos);
  EXPECT_EQ(status_of(WireError::kHttpOnUwsgi), 0);
}

TEST(UwsgiParser, RefusesEveryOtherModifier) {
  for (int modifier = 1; modifier < 256; ++modifier) {
    if (modifier == 100 || (modifier >= 'A' && modifier <= 'Z')) continue;
    expect_refused(packet_around(block_of(kGet), static_cast<char>(modifier)), WireError::kBadModifier);
  }
  // 22: uWSGI evaluates the payload as Python; 0x16 0x03 is also how TLS begins.
  expect_refused(packet_around("__import__('os')", 22), WireError::kBadModifier);
}

TEST(UwsgiParser, RefusesAnEmptyPacket) { expect_refused("\0\0\0\0"s, WireError::kNoVariables); }

TEST(UwsgiParser, RefusesLengthsPastTheEnd) {
  const std::string good = block_of(kGet);
  // The announced size ends inside a name, a value, a length.
  const auto cut = [&](std::size_t size) { return '\0' + size16(size) + '\0' + good; };
  expect_refused(cut(1), WireError::kTrailingByte);
  expect_refused(cut(2), WireError::kLengthPastEnd);
  expect_refused(cut(10), WireError::kLengthPastEnd);
  expect_refused(cut(16), WireError::kLengthPastEnd);
  expect_refused(cut(17), WireError::kLengthPastEnd);
  expect_refused(cut(18), WireError::kLengthPastEnd);
  expect_refused(cut(20), WireError::kLengthPastEnd);
  expect_refused(packet_around(good + "\xff\xff"s), WireError::kLengthPastEnd);
  expect_refused(packet_around(good + "\x01\0A\xff\xff"s), WireError::kLengthPastEnd);
  expect_refused(packet_around(good + "\x01\0A"s), WireError::kLengthPastEnd);
  expect_refused(packet_around(good + "\x01\0A\x01"s), WireError::kLengthPastEnd);
}

TEST(UwsgiParser, RefusesAnOddTrailingByte) {
  expect_refused(packet_around(block_of(kGet) + "\0"s), WireError::kTrailingByte);
}

TEST(UwsgiParser, WaitsForASizeLargerThanTheVariables) {
  const std::string good = block_of(kGet);
  EXPECT_EQ(parse('\0' + size16(good.size() + 10) + '\0' + good).outcome, Outcome::kNeedMore);
}

TEST(UwsgiParser, TakesAsManyVariablesAsThePacketCanHold) {
  Variables sent = kGet;
  const std::size_t left = 65535 - block_of(kGet).size() - 4 - 5;
  sent.emplace_back("LARGE", std::string(left, 'x'));
  const std::string packet = packet_of(sent);
  ASSERT_EQ(packet.size(), 65535u + 4);
  EXPECT_EQ(parse(packet).outcome, Outcome::kDone);
  expect_refused(packet, WireError::kVariablesTooLong, {.bytes_max = 65534});
  expect_refused(packet_of(with({{"A", "1"}})), WireError::kTooManyVariables, {.count_max = 4});
  EXPECT_EQ(status_of(WireError::kVariablesTooLong), 431);
}

TEST(UwsgiParser, ASecondPacketBehindTheFirstIsBody) {
  const std::string first = packet_of(with({{"CONTENT_LENGTH", "4"}}));
  const Parsed got = parse(first + packet_of(kGet));
  EXPECT_EQ(got.outcome, Outcome::kDone);
  EXPECT_EQ(got.head.head_bytes, first.size());
}

}  // namespace tierce::http
