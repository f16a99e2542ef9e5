#include "http/proxy_protocol.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace tierce::http {
namespace {

using std::string_literals::operator""s;
using Outcome = ProxyHeaderParser::Outcome;

struct Parsed {
  Outcome outcome = Outcome::kNeedMore;
  WireError error{};
  bool named = false;
  std::string address;
  unsigned port = 0;
  std::size_t bytes = 0;
  bool operator==(const Parsed&) const = default;
};

Parsed parse_in_steps(const std::string& bytes, const std::vector<std::size_t>& ends) {
  ProxyHeaderParser parser;
  Parsed parsed;
  for (const std::size_t end : ends) {
    const auto copy = std::make_unique<char[]>(end);
    bytes.copy(copy.get(), end);
    parsed.outcome = parser.parse({copy.get(), end});
    if (parsed.outcome == Outcome::kRefused) parsed.error = parser.error();
    if (parsed.outcome == Outcome::kDone) {
      const ProxySource& source = parser.source();
      parsed.named = source.named;
      parsed.address.assign(source.address, source.address_bytes);
      parsed.port = source.port;
      parsed.bytes = parser.bytes();
    }
    if (parsed.outcome != Outcome::kNeedMore) break;
  }
  return parsed;
}

Parsed parse(const std::string& bytes) {
  Parsed whole = parse_in_steps(bytes, {bytes.size()});
  std::vector<std::size_t> each;
  for (std::size_t i = 0; i <= bytes.size(); ++i) {
    EXPECT_EQ(parse_in_steps(bytes, {i, bytes.size()}), whole) << "cut at " << i;
    each.push_back(i);
  }
  EXPECT_EQ(parse_in_steps(bytes, each), whole);
  return whole;
}

void expect_refused(const std::string& bytes, WireError want) {
  const Parsed parsed = parse(bytes);
  ASSERT_EQ(parsed.outcome, Outcome::kRefused) << testing::PrintToString(bytes);
  EXPECT_EQ(parsed.error, want) << testing::PrintToString(bytes) << " got: " << describe(parsed.error);
}

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string binary(unsigned command, unsigned family, const std::string& block) {
  std::string header = kSignature;
  header += static_cast<char>(command);
  header += static_cast<char>(family);
  header += static_cast<char>(block.size() >> 8);
  header += static_cast<char>(block.size() & 0xff);
  return header + block;
}
const std::string kInet = "\xc0\0\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb"s;  // 192.0.2.7:56324 -> 198.51.100.1:443

}  // namespace

TEST(ProxyProtocol, NamesWhereTheClientHasConnectedTo) {
  ProxyHeaderParser parser;
  ASSERT_EQ(parser.parse("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"), Outcome::kDone);
  EXPECT_STREQ(parser.source().server_address, "198.51.100.1");
  EXPECT_EQ(parser.source().server_port, 443);
}

TEST(ProxyProtocol, ReadsVersionOne) {
  const std::string line = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
  const Parsed got = parse(line + "GET / HTTP/1.1\r\n");
  ASSERT_EQ(got.outcome, Outcome::kDone);
  EXPECT_TRUE(got.named);
  EXPECT_EQ(got.address, "192.0.2.7");
  EXPECT_EQ(got.port, 56324u);
  EXPECT_EQ(got.bytes, line.size());
  const Parsed six = parse("PROXY TCP6 2001:DB8::0:1 ::1 1 65535\r\n");
  EXPECT_EQ(six.address, "2001:db8::1");
  EXPECT_EQ(six.port, 1u);
}

TEST(ProxyProtocol, VersionOneMayNotKnow) {
  for (const std::string line : {"PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff:f...f:ffff x y z\r\n"}) {
    const Parsed got = parse(line + "x");
    EXPECT_EQ(got.outcome, Outcome::kDone);
    EXPECT_FALSE(got.named);
    EXPECT_EQ(got.bytes, line.size());
  }
}

TEST(ProxyProtocol, RefusesVersionOneThatIsNot) {
  for (const char* rest :
       {"TCP4 192.0.2.7 198.51.100.1 56324\r\n", "TCP4 192.0.2.7 198.51.100.1 56324 443 \r\n",
        "TCP4 192.0.2.7  198.51.100.1 56324 443\r\n", "TCP4 192.0.2.256 198.51.100.1 1 2\r\n",
        "TCP4 192.0.2.07 198.51.100.1 1 2\r\n", "TCP4 ::1 ::1 1 2\r\n", "TCP6 192.0.2.7 192.0.2.8 1 2\r\n",
        "TCP4 192.0.2.7 198.51.100.1 65536 2\r\n", "TCP4 192.0.2.7 198.51.100.1 -1 2\r\n",
        "TCP4 192.0.2.7 198.51.100.1 01 2\r\n", "TCP4 192.0.2.7 198.51.100.1 1 2\n", "TCP4 192.0.2.7\n", "\r\n",
        "TCP\r\n", "tcp4 192.0.2.7 198.51.100.1 1 2\r\n", "UDP4 192.0.2.7 198.51.100.1 1 2\r\n", "UNKNOWNX\r\n",
        "TCP4 192.0.2.7 198.51.100.1 1 2\rX", "TCP4 192.0.2.7\t198.51.100.1 1 2\r\n"}) {
    expect_refused("PROXY "s + rest, WireError::kBadProxyHeader);
  }
  expect_refused("PROXY TCP4 192.0.2.7\0 198.51.100.1 1 2\r\n"s, WireError::kBadProxyHeader);
  expect_refused("PROXY UNKNOWN " + std::string(100, 'x') + "\r\n", WireError::kProxyHeaderTooLong);
  EXPECT_EQ(parse("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n").outcome, Outcome::kDone);
}

TEST(ProxyProtocol, RefusesAConnectionThatBeginsWithoutIt) {
  for (const char* other :
       {"GET / HTTP/1.1\r\n", "PROXX", "PRI * HTTP/2.0\r\n", "proxy TCP4", "\r\n\r\nGET", "\r\nGET", "\x16\x03\x01"}) {
    expect_refused(other, WireError::kNoProxyHeader);
  }
  EXPECT_EQ(parse("PROX").outcome, Outcome::kNeedMore);
  EXPECT_EQ(parse(kSignature.substr(0, 11)).outcome, Outcome::kNeedMore);
}

TEST(ProxyProtocol, ReadsVersionTwo) {
  const std::string header = binary(0x21, 0x11, kInet);
  const Parsed got = parse(header + "GET /");
  ASSERT_EQ(got.outcome, Outcome::kDone);
  EXPECT_EQ(got.address, "192.0.2.7");
  EXPECT_EQ(got.port, 56324u);
  EXPECT_EQ(got.bytes, header.size());
  const std::string six =
      "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07" + std::string(16, '\x01') + "\0\x50\x01\xbb"s;
  const Parsed inet6 = parse(binary(0x21, 0x21, six));
  EXPECT_EQ(inet6.address, "2001:db8::7");
  EXPECT_EQ(inet6.port, 80u);
  const Parsed local = parse(binary(0x21, 0x31, std::string(216, 'p')));
  EXPECT_EQ(local.outcome, Outcome::kDone);
  EXPECT_TRUE(local.named);
  EXPECT_EQ(local.address, "");
}

TEST(ProxyProtocol, VersionTwoMayNotKnow) {
  for (const std::string& header : {binary(0x20, 0, ""), binary(0x20, 0x11, kInet), binary(0x20, 0xff, "any bytes"),
                                    binary(0x21, 0, ""), binary(0x21, 0, "any bytes")}) {
    const Parsed got = parse(header + "GET /");
    EXPECT_EQ(got.outcome, Outcome::kDone);
    EXPECT_FALSE(got.named);
    EXPECT_EQ(got.bytes, header.size());
  }
}

TEST(ProxyProtocol, SkipsTlvsThatAreWhatTheySay) {
  const std::string tlvs = "\x01\0\x02h2\x04\0\0\x02\0\x04host"s;
  const Parsed got = parse(binary(0x21, 0x11, kInet + tlvs) + "GET /");
  EXPECT_EQ(got.outcome, Outcome::kDone);
  EXPECT_EQ(got.address, "192.0.2.7");
  EXPECT_EQ(got.bytes, 16 + kInet.size() + tlvs.size());
  for (const std::string& bad : {"\x01"s, "\x01\0"s, "\x01\0\x03h2"s, "\x01\xff\xff"s, tlvs + "\0"s}) {
    expect_refused(binary(0x21, 0x11, kInet + bad), WireError::kBadProxyHeader);
  }
}

TEST(ProxyProtocol, RefusesVersionTwoThatIsNot) {
  expect_refused(binary(0x11, 0x11, kInet), WireError::kBadProxyHeader);  // Version 1 in binary.
  expect_refused(binary(0x22, 0x11, kInet), WireError::kBadProxyHeader);  // No such command.
  expect_refused(binary(0x21, 0x12, kInet), WireError::kBadProxyHeader);  // A datagram.
  expect_refused(binary(0x21, 0x10, kInet), WireError::kBadProxyHeader);
  expect_refused(binary(0x21, 0x41, kInet), WireError::kBadProxyHeader);
  expect_refused(binary(0x21, 0x11, kInet.substr(1)), WireError::kBadProxyHeader);
  expect_refused(binary(0x21, 0x11, ""), WireError::kBadProxyHeader);
  expect_refused(binary(0x21, 0x21, std::string(35, 'x')), WireError::kBadProxyHeader);
  expect_refused(binary(0x21, 0x31, std::string(215, 'x')), WireError::kBadProxyHeader);
  expect_refused(binary(0x20, 0, std::string(4081, 'x')), WireError::kProxyHeaderTooLong);
  EXPECT_EQ(parse(binary(0x20, 0, std::string(4080, 'x'))).outcome, Outcome::kDone);
}

}  // namespace tierce::http
