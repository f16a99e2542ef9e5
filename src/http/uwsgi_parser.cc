#include "http/uwsgi_parser.h"

namespace tierce::http {
namespace {

constexpr unsigned char kRequest = 0;
constexpr unsigned char kPingModifier = 100;

std::size_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }
std::size_t size_at(std::string_view bytes, std::size_t at) { return byte_at(bytes, at) | byte_at(bytes, at + 1) << 8; }

}  // namespace

UwsgiParser::Outcome UwsgiParser::refuse(WireError error) {
  into_->refuse(error);
  return Outcome::kRefused;
}

UwsgiParser::Outcome UwsgiParser::parse(std::string_view bytes) {
  if (position_ == 0) {
    if (const Outcome header = read_header(bytes); header != Outcome::kDone) return header;
  }
  while (position_ < end_) {
    if (const Outcome variable = read_variable(bytes); variable != Outcome::kDone) return variable;
  }
  return into_->finish(bytes, static_cast<std::uint32_t>(end_), BodyEnd::kContentLength) ? Outcome::kDone
                                                                                         : Outcome::kRefused;
}

UwsgiParser::Outcome UwsgiParser::read_header(std::string_view bytes) {
  if (bytes.empty()) return Outcome::kNeedMore;
  const std::size_t modifier1 = byte_at(bytes, 0);
  // The first letter of a method: no modifier that uWSGI has given out.
  if (modifier1 >= 'A' && modifier1 <= 'Z') return refuse(WireError::kHttpOnUwsgi);
  if (modifier1 != kRequest && modifier1 != kPingModifier) return refuse(WireError::kBadModifier);
  if (bytes.size() < kUwsgiHeaderBytes) return Outcome::kNeedMore;
  const std::size_t size = size_at(bytes, 1);
  if (modifier1 == kPingModifier) return size == 0 ? Outcome::kPing : refuse(WireError::kBadModifier);
  if (size == 0) return refuse(WireError::kNoVariables);
  if (size > limits_->bytes_max) return refuse(WireError::kVariablesTooLong);
  position_ = kUwsgiHeaderBytes;
  end_ = kUwsgiHeaderBytes + size;
  return Outcome::kDone;
}

// Lengths are weighed against the size that was announced, not against what has arrived: how the packet
// was cut into reads changes nothing.
UwsgiParser::Outcome UwsgiParser::read_variable(std::string_view bytes) {
  Span spans[2];
  std::size_t at = position_;
  for (Span& span : spans) {
    if (end_ - at < 2) return refuse(at == position_ ? WireError::kTrailingByte : WireError::kLengthPastEnd);
    if (bytes.size() < at + 2) return Outcome::kNeedMore;
    const std::size_t length = size_at(bytes, at);
    at += 2;
    if (length > end_ - at) return refuse(WireError::kLengthPastEnd);
    span = {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(length)};
    at += length;
  }
  if (bytes.size() < at) return Outcome::kNeedMore;
  if (!into_->add(bytes, spans[0], spans[1])) return Outcome::kRefused;
  position_ = at;
  return Outcome::kDone;
}

}  // namespace tierce::http
