#include "http/proxy_protocol.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace tierce::http {
namespace {

constexpr std::string_view kTextStart = "PROXY ";
constexpr std::string_view kBinaryStart{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t kTextBytesMax = 107;  // The specification's bound, CRLF included.
constexpr std::size_t kBinaryFixedBytes = 16;

// High half of the 14th byte, and the low one: only streams are accepted here.
constexpr int kUnspecified = 0, kInet = 1, kInet6 = 2, kUnix = 3;
constexpr std::size_t kInetBytes = 12, kInet6Bytes = 36, kUnixBytes = 216;

std::size_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }
std::size_t size_at(std::string_view bytes, std::size_t at) { return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1); }

// As far as they reach, the two are the same.
bool may_become(std::string_view bytes, std::string_view start) {
  const std::size_t shared = std::min(bytes.size(), start.size());
  return bytes.substr(0, shared) == start.substr(0, shared);
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  unsigned port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  if (port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// The address in its usual text, and whether `text` is one.
bool canonical_address(int family, std::string_view text, char (&out)[46]) {
  char terminated[INET6_ADDRSTRLEN] = {};
  unsigned char binary[16];
  if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos) return false;
  std::memcpy(terminated, text.data(), text.size());
  return ::inet_pton(family, terminated, binary) == 1 && ::inet_ntop(family, binary, out, sizeof out) != nullptr;
}

std::string_view take_word(std::string_view& line) {
  const std::size_t blank = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, blank);
  line.remove_prefix(std::min(blank + 1, line.size()));
  return word;
}

// Type, 16-bit length, value, up to the end: nothing in them is used, but they must be what they say.
bool are_tlvs(std::string_view bytes) {
  while (!bytes.empty()) {
    if (bytes.size() < 3 || bytes.size() - 3 < size_at(bytes, 1)) return false;
    bytes.remove_prefix(3 + size_at(bytes, 1));
  }
  return true;
}

}  // namespace

ProxyHeaderParser::Outcome ProxyHeaderParser::refuse(WireError error) {
  error_ = error;
  return Outcome::kRefused;
}

bool may_be_proxy_header(std::string_view bytes) {
  return may_become(bytes, kTextStart) || may_become(bytes, kBinaryStart);
}

ProxyHeaderParser::Outcome ProxyHeaderParser::parse(std::string_view bytes) {
  if (bytes.empty()) return Outcome::kNeedMore;
  if (may_become(bytes, kTextStart)) return parse_text(bytes);
  if (may_become(bytes, kBinaryStart)) return parse_binary(bytes);
  return refuse(WireError::kNoProxyHeader);
}

ProxyHeaderParser::Outcome ProxyHeaderParser::parse_text(std::string_view bytes) {
  const std::string_view allowed = bytes.substr(0, kTextBytesMax);
  const std::size_t cr = allowed.find('\r');
  const std::size_t lf = allowed.find('\n');
  if (lf < cr) return refuse(WireError::kBadProxyHeader);
  if (cr == std::string_view::npos || cr + 1 == allowed.size()) {
    return allowed.size() == kTextBytesMax ? refuse(WireError::kProxyHeaderTooLong) : Outcome::kNeedMore;
  }
  if (allowed[cr + 1] != '\n' || !read_text_line(allowed.substr(kTextStart.size(), cr - kTextStart.size()))) {
    return refuse(WireError::kBadProxyHeader);
  }
  bytes_ = cr + 2;
  return Outcome::kDone;
}

// "TCP4 192.0.2.1 198.51.100.1 56324 443"; what stands behind UNKNOWN is nobody's business.
bool ProxyHeaderParser::read_text_line(std::string_view line) {
  const std::string_view family = take_word(line);
  if (family == "UNKNOWN") return true;
  if (family != "TCP4" && family != "TCP6") return false;
  const int number = family == "TCP4" ? AF_INET : AF_INET6;
  const std::string_view source = take_word(line);
  if (!canonical_address(number, source, source_.address)) return false;
  if (!canonical_address(number, take_word(line), source_.server_address)) return false;
  const auto source_port = port_of(take_word(line));
  // The last word is all that is left: a blank behind it makes it no number.
  const auto destination_port = port_of(line);
  if (!source_port || !destination_port) return false;
  source_.named = true;
  source_.address_bytes = static_cast<std::uint8_t>(std::strlen(source_.address));
  source_.port = *source_port;
  source_.server_port = *destination_port;
  return true;
}

ProxyHeaderParser::Outcome ProxyHeaderParser::parse_binary(std::string_view bytes) {
  constexpr std::size_t kVersionAt = kBinaryStart.size(), kFamilyAt = kVersionAt + 1, kLengthAt = kFamilyAt + 1;
  constexpr std::size_t kLocal = 0x20, kProxy = 0x21;
  if (bytes.size() <= kVersionAt) return Outcome::kNeedMore;
  const std::size_t command = byte_at(bytes, kVersionAt);
  if (command != kLocal && command != kProxy) return refuse(WireError::kBadProxyHeader);
  if (bytes.size() < kBinaryFixedBytes) return Outcome::kNeedMore;
  const std::size_t length = size_at(bytes, kLengthAt);
  if (kBinaryFixedBytes + length > kProxyHeaderBytesMax) return refuse(WireError::kProxyHeaderTooLong);
  if (bytes.size() < kBinaryFixedBytes + length) return Outcome::kNeedMore;
  const std::size_t family = byte_at(bytes, kFamilyAt) >> 4, transport = byte_at(bytes, kFamilyAt) & 15;
  if (command == kProxy && family != kUnspecified) {
    constexpr std::size_t kStream = 1;
    if (transport != kStream || !read_addresses(static_cast<int>(family), bytes.substr(kBinaryFixedBytes, length))) {
      return refuse(WireError::kBadProxyHeader);
    }
  }
  bytes_ = kBinaryFixedBytes + length;
  return Outcome::kDone;
}

bool ProxyHeaderParser::read_addresses(int family, std::string_view block) {
  const std::size_t bytes = family == kInet ? kInetBytes : family == kInet6 ? kInet6Bytes : kUnixBytes;
  if (family > kUnix || block.size() < bytes || !are_tlvs(block.substr(bytes))) return false;
  source_.named = true;
  if (family == kUnix) return true;
  if (::inet_ntop(family == kInet ? AF_INET : AF_INET6, block.data(), source_.address, sizeof source_.address) ==
      nullptr) {
    return false;
  }
  source_.address_bytes = static_cast<std::uint8_t>(std::strlen(source_.address));
  source_.port = static_cast<std::uint16_t>(size_at(block, bytes - 4));
  // Two addresses, then two ports.
  ::inet_ntop(family == kInet ? AF_INET : AF_INET6, block.data() + (bytes - 4) / 2, source_.server_address,
              sizeof source_.server_address);
  source_.server_port = static_cast<std::uint16_t>(size_at(block, bytes - 2));
  return true;
}

}  // namespace tierce::http
