// Percent decoding of request paths (RFC 3986 2.1).
#pragma once

#include <cstddef>
#include <string_view>

namespace tierce::http {

// Writes the decoded path to `out`, which has room for raw.size() bytes and may be where `raw` stands;
// returns how many it wrote. The parser has checked the escapes; one that is none is copied as it is.
// '+' stays: it means a blank in forms only.
std::size_t decode_path(std::string_view raw, char* out);

}  // namespace tierce::http
