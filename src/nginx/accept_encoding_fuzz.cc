// No header makes the readers look outside it, and both agree about plain lists: a word with no weight is accepted.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "nginx/accept_encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tierce::nginx;
  const auto copy = std::make_unique<char[]>(size);  // Of the exact size: a read past the end is seen.
  if (size != 0) std::memcpy(copy.get(), data, size);
  const std::string_view header(copy.get(), size);
  accepts_gzip(header);
  accepts_coding(header, "br");
  if (header.find_first_of(", ;\t") == std::string_view::npos) {
    const std::string list = "deflate, " + std::string(header);
    if (!header.empty() && !accepts_coding(list, header)) std::abort();
  }
  return 0;
}
