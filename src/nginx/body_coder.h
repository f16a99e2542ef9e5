// Bodies packed and unpacked while they pass: gzip, Brotli and Zstandard one way, gzip the other.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tierce::nginx {

enum class Flush : std::uint8_t {
  kNone,    // More is to come; little or nothing may come out.
  kSync,    // What was put in so far can be read by the client.
  kFinish,  // The body ends here.
};

// One body. The packers need some hundred KiB each until they are destroyed.
class BodyCoder {
 public:
  BodyCoder() = default;
  BodyCoder(const BodyCoder&) = delete;
  BodyCoder& operator=(const BodyCoder&) = delete;
  virtual ~BodyCoder() = default;

  // Appends what becomes of `input` to `output`. false: `input` is damaged, ends too early, or there is no memory; the
  // answer cannot go on then. A byte of packed input may become a thousand: who unpacks puts in a few KiB at once.
  virtual bool add(std::string_view input, Flush how, std::string& output) = 0;
  // As new, for another body with the same settings and much cheaper than another coder. false: not this kind.
  virtual bool rewind() { return false; }
};

// nginx's default of gzip_comp_level.
inline constexpr int kGzipLevel = 1;
// How zlib is set up for a body: a short one whose length is known needs no large window.
struct GzipMemory {
  int window_bits = 15;
  int level = 8;
};
GzipMemory gzip_memory_for(std::optional<std::uint64_t> body_bytes);

// nullptr: no memory. Levels are those of gzip_comp_level (1 to 9), brotli_comp_level (0 to 11) and zstd_comp_level
// (1 to 22); `window_bytes` is brotli_window, a power of two.
std::unique_ptr<BodyCoder> make_gzip_encoder(int level, GzipMemory memory);
std::unique_ptr<BodyCoder> make_brotli_encoder(int level, std::uint64_t window_bytes,
                                               std::optional<std::uint64_t> body_bytes);
std::unique_ptr<BodyCoder> make_zstd_encoder(int level);
// Files of several members are one body, as gzip(1) has it.
std::unique_ptr<BodyCoder> make_gunzip_decoder();

}  // namespace tierce::nginx
