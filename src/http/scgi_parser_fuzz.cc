// A packet read whole and the same packet read in pieces come to the same end, and what is accepted keeps the
// promises that code behind the parser relies on.
#include "http/cgi_head_promises.h"
#include "http/cgi_parse_in_steps.h"
#include "http/scgi_parser.h"

// The first byte picks limits; the rest is the packet.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tierce::http;
  if (size < 1) return 0;
  VariableLimits limits;
  if (data[0] & 1) limits.bytes_max = 64;
  if (data[0] & 2) limits.count_max = 3;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  cgi_parse_all_ways<ScgiParser>(bytes, limits, 512, [](std::size_t) { must(false); });

  CgiHead head(limits);
  if (ScgiParser(limits, head).parse(bytes) == ScgiParser::Outcome::kDone) {
    must_keep_promises(head.head(), head.variables(), bytes, limits);
  }
  return 0;
}
