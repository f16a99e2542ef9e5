// A PROXY header read whole and the same read in pieces come to the same end, and an accepted one names an
// address that is one.
#include <arpa/inet.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "http/proxy_protocol.h"

namespace tierce::http {
namespace {

using Outcome = ProxyHeaderParser::Outcome;

void must(bool holds) {
  if (!holds) std::abort();
}

struct Reading {
  ProxyHeaderParser parser;
  Outcome outcome = Outcome::kNeedMore;

  // Memory of its own and of its exact size: a read past the end is seen.
  void feed(std::string_view bytes) {
    const auto copy = std::make_unique<char[]>(bytes.size());
    if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
    outcome = parser.parse({copy.get(), bytes.size()});
  }
};

void must_agree(const Reading& a, const Reading& b) {
  must(a.outcome == b.outcome);
  if (a.outcome == Outcome::kRefused) must(a.parser.error() == b.parser.error());
  if (a.outcome != Outcome::kDone) return;
  must(a.parser.bytes() == b.parser.bytes() && a.parser.source().named == b.parser.source().named);
  must(std::strcmp(a.parser.source().address, b.parser.source().address) == 0);
  must(a.parser.source().port == b.parser.source().port);
}

}  // namespace
}  // namespace tierce::http

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tierce::http;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Reading whole;
  whole.feed(bytes);
  if (whole.outcome == Outcome::kDone) {
    const ProxySource& source = whole.parser.source();
    must(whole.parser.bytes() <= bytes.size() && whole.parser.bytes() <= kProxyHeaderBytesMax);
    must(std::strlen(source.address) == source.address_bytes);
    unsigned char address[16];
    must(source.address_bytes == 0 || ::inet_pton(AF_INET, source.address, address) == 1 ||
         ::inet_pton(AF_INET6, source.address, address) == 1);
  }
  Reading sliced;
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 1 + bytes.size() / 512) {
    Reading split;
    split.feed(bytes.substr(0, cut));
    if (split.outcome == Outcome::kNeedMore) split.feed(bytes);
    must_agree(whole, split);
    if (sliced.outcome == Outcome::kNeedMore) sliced.feed(bytes.substr(0, cut));
  }
  if (sliced.outcome == Outcome::kNeedMore) sliced.feed(bytes);
  must_agree(whole, sliced);
  return 0;
}
