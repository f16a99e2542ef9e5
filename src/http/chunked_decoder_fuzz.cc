// A body decoded whole and the same body decoded in pieces come to the same payload and the same end;
// what is accepted is never longer than what was sent.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "http/chunked_decoder.h"

namespace tierce::http {
namespace {

using Outcome = ChunkedDecoder::Outcome;

void must(bool holds) {
  if (!holds) std::abort();
}

struct Reading {
  // Memory of its own and of its exact size: a read past the end is seen.
  void feed(std::string_view piece) {
    const auto copy = std::make_unique<char[]>(piece.size());
    if (!piece.empty()) std::memcpy(copy.get(), piece.data(), piece.size());
    std::string_view left(copy.get(), piece.size());
    do {
      const ChunkedDecoder::Step step = decoder.next(left);
      must(step.consumed <= left.size() && step.data.size() <= step.consumed);
      must((step.outcome == Outcome::kData) == !step.data.empty());
      must(step.data.empty() || step.data.data() + step.data.size() == left.data() + step.consumed);
      outcome = step.outcome;
      data += step.data;
      consumed += step.consumed;
      left.remove_prefix(step.consumed);
    } while (outcome == Outcome::kData);
    must(outcome != Outcome::kNeedMore || left.empty());
  }

  ChunkedDecoder decoder;
  Outcome outcome = Outcome::kNeedMore;
  std::string data;
  std::size_t consumed = 0;
};

void must_agree(const Reading& a, const Reading& b) {
  must(a.outcome == b.outcome && a.data == b.data && a.consumed == b.consumed);
  if (a.outcome == Outcome::kRefused) must(a.decoder.error() == b.decoder.error());
}

}  // namespace
}  // namespace tierce::http

// The first byte picks how the pieces are cut; the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tierce::http;
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Reading whole;
  whole.feed(bytes);
  must(whole.consumed <= bytes.size());
  if (whole.outcome == ChunkedDecoder::Outcome::kDone) {
    must(whole.data.size() + 5 <= whole.consumed);
    must(bytes.substr(0, whole.consumed).ends_with("\r\n"));
  }

  // Long inputs are cut at fewer places, so that one run stays short.
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 1 + bytes.size() / 512) {
    Reading split;
    split.feed(bytes.substr(0, cut));
    if (split.outcome == ChunkedDecoder::Outcome::kNeedMore) split.feed(bytes.substr(cut));
    must_agree(whole, split);
  }
  Reading sliced;
  unsigned random = data[0];
  for (std::size_t begin = 0; begin < bytes.size() && sliced.outcome == ChunkedDecoder::Outcome::kNeedMore;) {
    random = random * 1103515245 + 12345;
    const std::size_t length = std::min<std::size_t>(1 + (random >> 16) % (1 + data[0] % 64), bytes.size() - begin);
    sliced.feed(bytes.substr(begin, length));
    begin += length;
  }
  must_agree(whole, sliced);
  return 0;
}
