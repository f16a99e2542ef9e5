// Base64 (RFC 4648), for credentials and XML-RPC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tierce {

// Blanks and line ends are skipped; nullopt for anything else that is no base64.
std::optional<std::string> base64_decode(std::string_view text);

std::string base64_encode(std::string_view bytes);

}  // namespace tierce
