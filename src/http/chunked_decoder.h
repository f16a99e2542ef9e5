// Takes a chunked body apart (RFC 9112 7.1), strictly: sizes are 1 to 16 hex digits, line ends are CRLF,
// extensions and trailers are bounded and dropped; trailers never become headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tierce::http {

enum class ChunkError : std::uint8_t { kBadSize, kSizeTooLarge, kBadExtension, kExtensionTooLong, kBadLineEnd, kBadTrailer, kTrailersTooLong };
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
  ChunkError error_ = ChunkError::kBadSize;
  // Private state is the implementation's to extend.
};

}  // namespace tierce::http
