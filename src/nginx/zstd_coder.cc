#include <zstd.h>

#include "nginx/body_coder.h"
#include "nginx/growing_output.h"

namespace tierce::nginx {
namespace {

// Clients refuse windows of more than 8 MiB (RFC 9659); levels from 20 on would take them.
constexpr int kWindowBitsMost = 23;
constexpr int kLastLevelWithin = 19;
constexpr std::size_t kStepBytes = 8192;

struct Destroy {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

ZSTD_EndDirective zstd_word(Flush how) {
  if (how == Flush::kNone) return ZSTD_e_continue;
  return how == Flush::kSync ? ZSTD_e_flush : ZSTD_e_end;
}

class ZstdEncoder final : public BodyCoder {
 public:
  bool open(int level) {
    return context_ != nullptr && set(ZSTD_c_compressionLevel, level) &&
           (level <= kLastLevelWithin || set(ZSTD_c_windowLog, kWindowBitsMost));
  }

  bool add(std::string_view input, Flush how, std::string& text) override {
    GrowingOutput output(text);
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    const ZSTD_EndDirective word = zstd_word(how);
    bool good = true, more = true;
    while (good && more) {
      char* room = output.room(kStepBytes);
      ZSTD_outBuffer out{room, output.room_bytes(), 0};
      const std::size_t left = ZSTD_compressStream2(context_.get(), &out, &in, word);
      output.use(out.pos);
      good = ZSTD_isError(left) == 0;
      more = word == ZSTD_e_continue ? in.pos < in.size : left != 0;
    }
    output.trim();
    return good;
  }

  bool rewind() override { return ZSTD_isError(ZSTD_CCtx_reset(context_.get(), ZSTD_reset_session_only)) == 0; }

 private:
  bool set(ZSTD_cParameter parameter, int value) {
    return ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), parameter, value)) == 0;
  }

  std::unique_ptr<ZSTD_CCtx, Destroy> context_{ZSTD_createCCtx()};
};

}  // namespace

std::unique_ptr<BodyCoder> make_zstd_encoder(int level) {
  auto encoder = std::make_unique<ZstdEncoder>();
  if (!encoder->open(level)) return nullptr;
  return encoder;
}

}  // namespace tierce::nginx
