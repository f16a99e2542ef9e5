// Which packed bodies a client takes, read from Accept-Encoding as nginx and the modules for Brotli and Zstandard do.
#pragma once

#include <string_view>

namespace tierce::nginx {

// gzip: nginx looks for the word itself, "*" says nothing to it. A weight that is none, or is 0, means no.
bool accepts_gzip(std::string_view accept_encoding);
// `coding`, "br" or "zstd", among the words of the list and not with a weight of 0.
bool accepts_coding(std::string_view accept_encoding, std::string_view coding);

}  // namespace tierce::nginx
