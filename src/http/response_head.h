// What a response head may hold, whoever wrote it: an application, an upstream or a configuration file.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace tierce::http {

// "Not Found" for 404; empty for a status without a registered phrase, which is a legal reason phrase.
std::string_view reason_phrase(int status);

// Why a response field may not be sent.
struct ResponseFieldError {
  enum class Cause : std::uint8_t { kBadName, kBadValue, kHopByHop };
  Cause cause;
};
std::string_view describe(ResponseFieldError error);

// The field can be sent as it is: the name is a token, the value cannot start another line, and it says
// nothing about the connection, which is not the application's (PEP 3333).
Result<void, ResponseFieldError> check_response_field(std::string_view name, std::string_view value);

}  // namespace tierce::http
