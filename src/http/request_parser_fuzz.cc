// A head read whole and the same head read in pieces come to the same end, and what is accepted keeps
// the promises that code behind the parser relies on.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "http/authority.h"
#include "http/field_rules.h"
#include "http/percent.h"
#include "http/request_parser.h"

namespace tierce::http {
namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

using Outcome = RequestParser::Outcome;

struct Reading {
  explicit Reading(const HeadLimits& limits) : fields(limits.fields_max), parser(limits, fields.data()) {}

  // Memory of its own and of its exact size: a read past the end is seen.
  void feed(std::string_view bytes) {
    const auto copy = std::make_unique<char[]>(bytes.size());
    if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
    outcome = parser.parse({copy.get(), bytes.size()});
  }

  std::vector<HeaderField> fields;
  RequestParser parser;
  Outcome outcome = Outcome::kNeedMore;
};

bool same(Span a, Span b) { return a.offset == b.offset && a.length == b.length; }

void must_agree(const Reading& a, const Reading& b) {
  must(a.outcome == b.outcome);
  if (a.outcome == Outcome::kRefused) must(a.parser.error() == b.parser.error());
  if (a.outcome != Outcome::kDone) return;
  const RequestHead& x = a.parser.head();
  const RequestHead& y = b.parser.head();
  must(x.method == y.method && x.minor_version == y.minor_version && x.body == y.body);
  must(x.keep_alive == y.keep_alive && x.expect_continue == y.expect_continue && x.upgrade == y.upgrade);
  must(x.te_trailers == y.te_trailers && x.content_length == y.content_length && x.has_query == y.has_query);
  must(same(x.method_name, y.method_name) && same(x.target, y.target) && same(x.path, y.path));
  must(same(x.query, y.query) && same(x.authority, y.authority));
  must(x.field_count == y.field_count && x.head_bytes == y.head_bytes);
  must(a.parser.underscored_dropped() == b.parser.underscored_dropped());
  for (std::uint32_t i = 0; i < x.field_count; ++i) {
    must(same(a.fields[i].name, b.fields[i].name) && same(a.fields[i].value, b.fields[i].value));
  }
}

void must_keep_promises(const Reading& reading, std::string_view bytes, const HeadLimits& limits) {
  const RequestHead& head = reading.parser.head();
  must(head.head_bytes <= bytes.size() && head.head_bytes <= limits.head_bytes_max);
  must(bytes.substr(0, head.head_bytes).ends_with("\r\n\r\n"));
  must(head.field_count <= limits.fields_max);
  const std::string_view path = head.path.in(bytes.data());
  must(path.empty() || path == "*" || path.front() == '/');
  std::vector<char> decoded(path.size() + 1);
  const std::size_t length = decode_path(path, decoded.data());
  must(length <= path.size() && std::memchr(decoded.data(), '\0', length) == nullptr);
  must(head.authority.length == 0 || is_authority(head.authority.in(bytes.data())));
  int lengths = 0, encodings = 0, hosts = 0;
  for (std::uint32_t i = 0; i < head.field_count; ++i) {
    const std::string_view name = reading.fields[i].name.in(bytes.data());
    const std::string_view value = reading.fields[i].value.in(bytes.data());
    must(is_token(name) && is_field_value(value) && trim_blanks(value) == value);
    must(limits.underscores || name.find('_') == std::string_view::npos);
    lengths += equals_ignoring_case(name, "content-length");
    encodings += equals_ignoring_case(name, "transfer-encoding");
    hosts += equals_ignoring_case(name, "host");
  }
  must(lengths + encodings <= 1 && hosts <= 1 && (hosts == 1 || head.minor_version == 0));
  must((head.body == BodyKind::kLength) == (lengths == 1) && (head.body == BodyKind::kChunked) == (encodings == 1));
}

}  // namespace
}  // namespace tierce::http

// The first byte picks limits, the second how the pieces are cut; the rest is the head.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tierce::http;
  if (size < 2) return 0;
  HeadLimits limits;
  limits.underscores = (data[0] & 1) != 0;
  if (data[0] & 2) limits.request_line_bytes_max = 24;
  if (data[0] & 4) limits.field_bytes_max = 24;
  if (data[0] & 8) limits.fields_max = 3;
  if (data[0] & 16) limits.head_bytes_max = 80;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);

  Reading whole(limits);
  whole.feed(bytes);
  if (whole.outcome == RequestParser::Outcome::kDone) must_keep_promises(whole, bytes, limits);

  // Long inputs are cut at fewer places, so that one run stays short.
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 1 + bytes.size() / 512) {
    Reading split(limits);
    split.feed(bytes.substr(0, cut));
    if (split.outcome == RequestParser::Outcome::kNeedMore) split.feed(bytes);
    must_agree(whole, split);
  }
  Reading sliced(limits);
  unsigned random = data[1];
  for (std::size_t end = 0; sliced.outcome == RequestParser::Outcome::kNeedMore; end = std::min(end, bytes.size())) {
    sliced.feed(bytes.substr(0, end));
    if (end == bytes.size()) break;
    random = random * 1103515245 + 12345;
    end += 1 + (random >> 16) % (1 + data[1] % 64);
  }
  must_agree(whole, sliced);
  return 0;
}
