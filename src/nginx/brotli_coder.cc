#include <brotli/encode.h>

#include <algorithm>
#include <bit>

#include "nginx/body_coder.h"

namespace tierce::nginx {
namespace {

struct Destroy {
  void operator()(BrotliEncoderState* state) const { BrotliEncoderDestroyInstance(state); }
};

BrotliEncoderOperation brotli_word(Flush how) {
  if (how == Flush::kNone) return BROTLI_OPERATION_PROCESS;
  return how == Flush::kSync ? BROTLI_OPERATION_FLUSH : BROTLI_OPERATION_FINISH;
}

class BrotliEncoder final : public BodyCoder {
 public:
  bool open(int level, int window_bits) {
    return state_ != nullptr &&
           BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(level)) != 0 &&
           BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_LGWIN, static_cast<std::uint32_t>(window_bits)) != 0;
  }

  bool add(std::string_view input, Flush how, std::string& output) override {
    std::size_t in_bytes = input.size();
    const auto* in = reinterpret_cast<const std::uint8_t*>(input.data());
    const BrotliEncoderOperation operation = brotli_word(how);
    do {
      std::size_t no_room = 0;  // What it has made is taken below, without a copy in between.
      if (BrotliEncoderCompressStream(state_.get(), operation, &in_bytes, &in, &no_room, nullptr, nullptr) == 0)
        return false;
      std::size_t bytes = 0;
      const std::uint8_t* made = BrotliEncoderTakeOutput(state_.get(), &bytes);
      output.append(reinterpret_cast<const char*>(made), bytes);
    } while (in_bytes != 0 || BrotliEncoderHasMoreOutput(state_.get()) != 0 ||
             (how == Flush::kFinish && BrotliEncoderIsFinished(state_.get()) == 0));
    return true;
  }

 private:
  std::unique_ptr<BrotliEncoderState, Destroy> state_{BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)};
};

int window_bits_for(std::uint64_t window_bytes, std::optional<std::uint64_t> body_bytes) {
  const std::uint64_t bytes = body_bytes && *body_bytes != 0 ? std::min(window_bytes, *body_bytes) : window_bytes;
  const auto bits = static_cast<int>(std::bit_width(std::max<std::uint64_t>(bytes, 1) - 1));
  return std::clamp(bits, BROTLI_MIN_WINDOW_BITS, BROTLI_MAX_WINDOW_BITS);
}

}  // namespace

std::unique_ptr<BodyCoder> make_brotli_encoder(int level, std::uint64_t window_bytes,
                                               std::optional<std::uint64_t> body_bytes) {
  auto encoder = std::make_unique<BrotliEncoder>();
  if (!encoder->open(level, window_bits_for(window_bytes, body_bytes))) return nullptr;
  return encoder;
}

}  // namespace tierce::nginx
