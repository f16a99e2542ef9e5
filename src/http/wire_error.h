// Why what a front server sent over uwsgi, FastCGI, SCGI or in a PROXY header was refused.
#pragma once

#include <cstdint>
#include <string_view>

namespace tierce::http {

enum class WireError : std::uint8_t {
  // Not this protocol.
  kHttpOnUwsgi,
  kHttpOnFastcgi,
  kHttpOnScgi,
  kBadModifier,
  kBadNetstring,
  kBadRecordVersion,
  kNoProxyHeader,
  // Its framing.
  kNoVariables,
  kVariablesTooLong,
  kTooManyVariables,
  kLengthPastEnd,
  kTrailingByte,
  kUnexpectedRecord,
  kBadRecord,
  kBadRole,
  kContentLengthNotFirst,
  kNoScgiVariable,
  kBadProxyHeader,
  kProxyHeaderTooLong,
  // What the variables say.
  kEmptyName,
  kNulByte,
  kNoMethod,
  kBadMethod,
  kBadTarget,
  kBadContentLength,
  kTwoContentLengths,
  kContentLengthTooLarge,
  kLengthRequired,
  kBodyTooLong,
  kBodyTooShort,
};

// The status to answer with; 0: the peer does not speak this protocol and could not read an answer.
int status_of(WireError error);
std::string_view describe(WireError error);

}  // namespace tierce::http
