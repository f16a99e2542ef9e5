// The records of a connection read whole and the same in pieces come to the same requests, replies and end,
// and what is accepted keeps the promises that code behind the reader relies on.
#include <algorithm>
#include <cstring>
#include <memory>

#include "http/cgi_head_promises.h"
#include "http/fastcgi_reader.h"

namespace tierce::http {
namespace {

using Outcome = FastcgiReader::Outcome;

struct Reading {
  explicit Reading(const VariableLimits& of) : limits(of), head(limits), reader(limits, {}, head, params) {}

  // Memory of its own and of its exact size: a read past the end is seen.
  void feed(std::string_view piece) {
    const auto copy = std::make_unique<char[]>(piece.size());
    if (!piece.empty()) std::memcpy(copy.get(), piece.data(), piece.size());
    std::string_view left(copy.get(), piece.size());
    for (;;) {
      const FastcgiReader::Step step = reader.next(left);
      must(step.consumed <= left.size() && step.data.size() <= step.consumed);
      left.remove_prefix(step.consumed);
      note(step);
      if (step.outcome == Outcome::kRefused) ended = true;
      if (step.outcome == Outcome::kNeedMore) must(left.empty());
      if (ended || step.outcome == Outcome::kNeedMore) return;
    }
  }

  void note(const FastcgiReader::Step& step) {
    switch (step.outcome) {
      case Outcome::kHead:
        must_keep_promises(head.head(), head.variables(), params, limits);
        story += "head " + params;
        break;
      case Outcome::kBody:
        body_bytes += step.data.size();
        must(head.head().body != BodyKind::kLength || body_bytes <= head.head().content_length);
        story += step.data;
        return;
      case Outcome::kBodyEnd:
        must(head.head().body != BodyKind::kLength || body_bytes == head.head().content_length);
        [[fallthrough]];
      case Outcome::kAborted:
        story += "end";
        head.reset();
        params.clear();
        reader.next_request();
        body_bytes = 0;
        break;
      case Outcome::kReply:
        story += "reply " + reader.take_reply();
        break;
      case Outcome::kNeedMore:
      case Outcome::kRefused:
        break;
    }
  }

  VariableLimits limits;
  CgiHead head;
  std::string params;
  FastcgiReader reader;
  std::string story;
  std::uint64_t body_bytes = 0;
  bool ended = false;
};

void must_agree(const Reading& a, const Reading& b) {
  must(a.ended == b.ended);
  if (!a.ended) return must(a.story == b.story);
  must(a.head.error() == b.head.error());
  const std::size_t shared = std::min(a.story.size(), b.story.size());
  must(a.story.compare(0, shared, b.story, 0, shared) == 0);
}

}  // namespace
}  // namespace tierce::http

// The first byte picks limits and how the pieces are cut; the rest is what the web server sends.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tierce::http;
  if (size < 1) return 0;
  VariableLimits limits;
  if (data[0] & 1) limits.bytes_max = 64;
  if (data[0] & 2) limits.count_max = 3;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Reading whole(limits);
  whole.feed(bytes);
  // Long inputs are cut at fewer places, so that one run stays short.
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 1 + bytes.size() / 512) {
    Reading split(limits);
    split.feed(bytes.substr(0, cut));
    if (!split.ended) split.feed(bytes.substr(cut));
    must_agree(whole, split);
  }
  Reading sliced(limits);
  const std::size_t step = 1 + data[0] / 4;
  for (std::size_t begin = 0; begin < bytes.size() && !sliced.ended; begin += step) {
    sliced.feed(bytes.substr(begin, step));
  }
  must_agree(whole, sliced);
  return 0;
}
