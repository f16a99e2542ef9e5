// Takes a chunked body apart (RFC 9112 7.1), strictly: sizes are 1 to 16 hex digits, line ends are CRLF,
// extensions and trailers are bounded and dropped; trailers never become headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tierce::http {

enum class ChunkError : std::uint8_t {
  kBadSize,
  kSizeTooLarge,
  kBadExtension,
  kExtensionTooLong,
  kBadLineEnd,
  kBadTrailer,
  kTrailersTooLong
};
std::string_view describe(ChunkError error);

class ChunkedDecoder {
 public:
  enum class Outcome : std::uint8_t { kNeedMore, kData, kDone, kRefused };
  struct Step {
    Outcome outcome;
    std::size_t consumed;   // Bytes of the input used up by this step, framing included.
    std::string_view data;  // kData: payload, a part of the input.
  };

  // One step: consumes framing up to the next payload, or one run of payload. Call again with what is
  // left until kNeedMore (all consumed, read more), kDone or kRefused. May be fed any slicing.
  Step next(std::string_view bytes);
  ChunkError error() const { return error_; }
  void reset() { *this = ChunkedDecoder(); }

 private:
  // Named after what the next byte belongs to.
  enum class State : std::uint8_t {
    kSize,
    kExtension,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerLine,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kLastLf,
    kDone,
    kRefused,
  };

  State read_framing(char c);
  State read_size(char c);
  State read_extension(char c);
  State read_trailer(char c);
  State begin_after_size_line();
  State refuse(ChunkError error);

  ChunkError error_ = ChunkError::kBadSize;
  State state_ = State::kSize;
  std::uint8_t size_digits_ = 0;
  std::uint64_t bytes_left_ = 0;             // Of the chunk being read; its size while that is read.
  std::uint32_t line_extension_bytes_ = 0;   // In this chunk's size line.
  std::uint32_t total_extension_bytes_ = 0;  // In the whole body.
  std::uint32_t trailer_bytes_ = 0;
};

}  // namespace tierce::http
