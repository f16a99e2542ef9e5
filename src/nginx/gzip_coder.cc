#include <zlib.h>

#include <algorithm>
#include <limits>

#include "nginx/body_coder.h"
#include "nginx/growing_output.h"

namespace tierce::nginx {
namespace {

constexpr int kGzipFormat = 16;  // Added to the window's bits: with gzip's header and trailer.
constexpr int kLeastWindowBits = 9;
// What deflate looks ahead does not serve as window.
constexpr std::int64_t kLookahead = 262;
constexpr std::size_t kStepBytes = 8192;

int zlib_word(Flush how) {
  if (how == Flush::kNone) return Z_NO_FLUSH;
  return how == Flush::kSync ? Z_SYNC_FLUSH : Z_FINISH;
}

// zlib counts in 32 bits.
std::string_view take_piece(std::string_view& input) {
  const std::string_view piece = input.substr(0, std::numeric_limits<uInt>::max());
  input.remove_prefix(piece.size());
  return piece;
}

void put_in(z_stream& stream, std::string_view piece) {
  // zlib's interface is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream.avail_in = static_cast<uInt>(piece.size());
}

// One call of deflate() or inflate() with room behind `output`.
template <typename Function>
int step(z_stream& stream, Function&& function, GrowingOutput& output) {
  stream.next_out = reinterpret_cast<Bytef*>(output.room(kStepBytes));
  const auto room = static_cast<uInt>(std::min<std::size_t>(output.room_bytes(), std::numeric_limits<uInt>::max()));
  stream.avail_out = room;
  const int outcome = function(stream);
  output.use(room - stream.avail_out);
  return outcome;
}

class GzipEncoder final : public BodyCoder {
 public:
  ~GzipEncoder() override { deflateEnd(&stream_); }

  bool open(int level, GzipMemory memory) {
    return deflateInit2(&stream_, level, Z_DEFLATED, memory.window_bits + kGzipFormat, memory.level,
                        Z_DEFAULT_STRATEGY) == Z_OK;
  }

  bool add(std::string_view input, Flush how, std::string& text) override {
    GrowingOutput output(text);
    bool good = true;
    do {
      put_in(stream_, take_piece(input));
      good = pack(zlib_word(input.empty() ? how : Flush::kNone), output);
    } while (good && !input.empty());
    output.trim();
    return good;
  }

  bool rewind() override { return deflateReset(&stream_) == Z_OK; }

 private:
  bool pack(int how, GrowingOutput& output) {
    do {
      const int outcome = step(
          stream_, [how](z_stream& stream) { return deflate(&stream, how); }, output);
      if (outcome == Z_STREAM_END) return true;
      if (outcome == Z_BUF_ERROR) return how != Z_FINISH;  // Nothing was left to do.
      if (outcome != Z_OK) return false;
    } while (stream_.avail_out == 0 || how == Z_FINISH);
    return true;
  }

  z_stream stream_{};
};

class GunzipDecoder final : public BodyCoder {
 public:
  ~GunzipDecoder() override { inflateEnd(&stream_); }

  bool open() { return inflateInit2(&stream_, MAX_WBITS + kGzipFormat) == Z_OK; }

  bool add(std::string_view input, Flush how, std::string& text) override {
    GrowingOutput output(text);
    bool good = true;
    do {
      put_in(stream_, take_piece(input));
      good = unpack(output);
    } while (good && !input.empty());
    output.trim();
    return good && (how != Flush::kFinish || ended_);
  }

  bool rewind() override {
    ended_ = false;
    return inflateReset(&stream_) == Z_OK;
  }

 private:
  bool unpack(GrowingOutput& output) {
    for (;;) {
      if (ended_) {
        if (stream_.avail_in == 0) return true;
        if (!rewind()) return false;
      }
      const int outcome = step(
          stream_, [](z_stream& stream) { return inflate(&stream, Z_SYNC_FLUSH); }, output);
      if (outcome == Z_STREAM_END) {
        ended_ = true;
      } else if (outcome != Z_OK) {
        return outcome == Z_BUF_ERROR;  // It waits for more.
      } else if (stream_.avail_in == 0 && stream_.avail_out != 0) {
        return true;
      }
    }
  }

  z_stream stream_{};
  bool ended_ = false;  // Of a member.
};

}  // namespace

GzipMemory gzip_memory_for(std::optional<std::uint64_t> body_bytes) {
  GzipMemory memory;
  if (!body_bytes || *body_bytes == 0) return memory;
  const auto bytes = static_cast<std::int64_t>(std::min<std::uint64_t>(*body_bytes, 1U << 30));
  while (memory.window_bits > kLeastWindowBits && bytes < (1 << (memory.window_bits - 1)) - kLookahead) {
    --memory.window_bits;
    --memory.level;
  }
  memory.level = std::max(memory.level, 1);
  return memory;
}

std::unique_ptr<BodyCoder> make_gzip_encoder(int level, GzipMemory memory) {
  auto encoder = std::make_unique<GzipEncoder>();
  if (!encoder->open(level, memory)) return nullptr;
  return encoder;
}

std::unique_ptr<BodyCoder> make_gunzip_decoder() {
  auto decoder = std::make_unique<GunzipDecoder>();
  if (!decoder->open()) return nullptr;
  return decoder;
}

}  // namespace tierce::nginx
