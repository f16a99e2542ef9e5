#include "http/chunked_decoder.h"

#include <algorithm>
#include <limits>

#include "http/field_rules.h"
#include "http/hex_digit.h"

namespace tierce::http {
namespace {

constexpr std::uint64_t kSizeMax = std::numeric_limits<std::int64_t>::max();
constexpr std::uint8_t kSizeDigitsMax = 16;
// Nothing reads extensions. A body of one-byte chunks with long ones would cost thousands of bytes of
// input for each byte of payload (CVE-2023-39326), so both the line and the body have a bound.
constexpr std::uint32_t kLineExtensionBytesMax = 4096;
constexpr std::uint32_t kTotalExtensionBytesMax = 64 * 1024;
constexpr std::uint32_t kTrailerBytesMax = 16 * 1024;

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

}  // namespace

std::string_view describe(ChunkError error) {
  switch (error) {
    case ChunkError::kBadSize:
      return "malformed chunk size";
    case ChunkError::kSizeTooLarge:
      return "chunk size too large";
    case ChunkError::kBadExtension:
      return "control byte in a chunk extension";
    case ChunkError::kExtensionTooLong:
      return "chunk extensions too long";
    case ChunkError::kBadLineEnd:
      return "CRLF expected in a chunked body";
    case ChunkError::kBadTrailer:
      return "malformed trailer line";
    case ChunkError::kTrailersTooLong:
      return "trailers too long";
  }
  return "malformed chunked body";
}

ChunkedDecoder::Step ChunkedDecoder::next(std::string_view bytes) {
  std::size_t at = 0;
  while (true) {
    if (state_ == State::kDone) return {Outcome::kDone, at, {}};
    if (state_ == State::kRefused) return {Outcome::kRefused, at, {}};
    if (at == bytes.size()) return {Outcome::kNeedMore, at, {}};
    if (state_ == State::kData) break;
    state_ = read_framing(bytes[at]);
    ++at;
  }
  const std::uint64_t available = bytes.size() - at;
  const std::string_view data = bytes.substr(at, static_cast<std::size_t>(std::min(bytes_left_, available)));
  bytes_left_ -= data.size();
  if (bytes_left_ == 0) state_ = State::kDataCr;
  return {Outcome::kData, at + data.size(), data};
}

ChunkedDecoder::State ChunkedDecoder::refuse(ChunkError error) {
  error_ = error;
  return State::kRefused;
}

ChunkedDecoder::State ChunkedDecoder::read_framing(char c) {
  switch (state_) {
    case State::kSize:
      return read_size(c);
    case State::kExtension:
      return read_extension(c);
    case State::kSizeLf:
      return c == '\n' ? begin_after_size_line() : refuse(ChunkError::kBadLineEnd);
    case State::kDataCr:
      return c == '\r' ? State::kDataLf : refuse(ChunkError::kBadLineEnd);
    case State::kDataLf:
      return c == '\n' ? State::kSize : refuse(ChunkError::kBadLineEnd);
    case State::kLastLf:
      return c == '\n' ? State::kDone : refuse(ChunkError::kBadLineEnd);
    default:
      return read_trailer(c);
  }
}

ChunkedDecoder::State ChunkedDecoder::read_size(char c) {
  if (const int digit = hex_digit(c); digit >= 0) {
    if (size_digits_ == kSizeDigitsMax) return refuse(ChunkError::kBadSize);
    ++size_digits_;
    const auto value = static_cast<std::uint64_t>(digit);
    if (bytes_left_ > (kSizeMax - value) / 16) return refuse(ChunkError::kSizeTooLarge);
    bytes_left_ = bytes_left_ * 16 + value;
    return State::kSize;
  }
  if (c == '\n') return refuse(ChunkError::kBadLineEnd);
  if (size_digits_ == 0) return refuse(ChunkError::kBadSize);
  if (c == '\r') return State::kSizeLf;
  return c == ';' ? read_extension(c) : refuse(ChunkError::kBadSize);
}

ChunkedDecoder::State ChunkedDecoder::read_extension(char c) {
  if (c == '\r') return State::kSizeLf;
  if (c == '\n') return refuse(ChunkError::kBadLineEnd);
  if (is_control(c)) return refuse(ChunkError::kBadExtension);
  if (++line_extension_bytes_ > kLineExtensionBytesMax) return refuse(ChunkError::kExtensionTooLong);
  if (++total_extension_bytes_ > kTotalExtensionBytesMax) return refuse(ChunkError::kExtensionTooLong);
  return State::kExtension;
}

ChunkedDecoder::State ChunkedDecoder::begin_after_size_line() {
  size_digits_ = 0;
  line_extension_bytes_ = 0;
  return bytes_left_ == 0 ? State::kTrailerLine : State::kData;
}

// Trailers are checked like header lines although they are dropped: a line that another reader would
// take for the end of the body must not pass as a trailer here.
ChunkedDecoder::State ChunkedDecoder::read_trailer(char c) {
  if (state_ == State::kTrailerLine && c == '\r') return State::kLastLf;
  if (++trailer_bytes_ > kTrailerBytesMax) return refuse(ChunkError::kTrailersTooLong);
  if (state_ == State::kTrailerLf) return c == '\n' ? State::kTrailerLine : refuse(ChunkError::kBadLineEnd);
  if (c == '\n') return refuse(ChunkError::kBadLineEnd);
  if (state_ == State::kTrailerValue) {
    if (c == '\r') return State::kTrailerLf;
    return is_control(c) ? refuse(ChunkError::kBadTrailer) : State::kTrailerValue;
  }
  if (state_ == State::kTrailerName && c == ':') return State::kTrailerValue;
  return is_token_byte(c) ? State::kTrailerName : refuse(ChunkError::kBadTrailer);
}

}  // namespace tierce::http
