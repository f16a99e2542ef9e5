#include "http/wire_error.h"

namespace tierce::http {

int status_of(WireError error) {
  switch (error) {
    case WireError::kHttpOnUwsgi:
    case WireError::kHttpOnFastcgi:
    case WireError::kHttpOnScgi:
    case WireError::kBadNetstring:
    case WireError::kBadRecordVersion:
    case WireError::kNoProxyHeader:
    case WireError::kBadProxyHeader:
    case WireError::kProxyHeaderTooLong:
      return 0;
    case WireError::kVariablesTooLong:
    case WireError::kTooManyVariables:
      return 431;
    case WireError::kLengthRequired:
      return 411;
    default:
      return 400;
  }
}

std::string_view describe(WireError error) {
  switch (error) {
    case WireError::kHttpOnUwsgi:
      return "an HTTP request on a uwsgi socket; use http-socket";
    case WireError::kHttpOnFastcgi:
      return "an HTTP request on a FastCGI socket";
    case WireError::kHttpOnScgi:
      return "an HTTP request on an SCGI socket";
    case WireError::kBadModifier:
      return "modifier1 is not 0: only requests to Python applications are answered";
    case WireError::kBadNetstring:
      return "malformed netstring";
    case WireError::kBadRecordVersion:
      return "FastCGI version is not 1";
    case WireError::kNoProxyHeader:
      return "the connection does not begin with a PROXY header";
    case WireError::kNoVariables:
      return "a packet without variables";
    case WireError::kVariablesTooLong:
      return "the variables are longer than --limit-request-variables";
    case WireError::kTooManyVariables:
      return "too many variables";
    case WireError::kLengthPastEnd:
      return "the length of a name or value reaches past the end of the variables";
    case WireError::kTrailingByte:
      return "an odd byte behind the last variable";
    case WireError::kUnexpectedRecord:
      return "a FastCGI record that may not stand here";
    case WireError::kBadRecord:
      return "malformed FastCGI record";
    case WireError::kBadRole:
      return "FastCGI role is not responder";
    case WireError::kContentLengthNotFirst:
      return "CONTENT_LENGTH is not the first variable";
    case WireError::kNoScgiVariable:
      return "no variable SCGI with the value 1";
    case WireError::kBadProxyHeader:
      return "malformed PROXY header";
    case WireError::kProxyHeaderTooLong:
      return "PROXY header too long";
    case WireError::kEmptyName:
      return "a variable without a name";
    case WireError::kNulByte:
      return "NUL in a variable";
    case WireError::kNoMethod:
      return "no REQUEST_METHOD";
    case WireError::kBadMethod:
      return "malformed REQUEST_METHOD";
    case WireError::kBadTarget:
      return "control byte in REQUEST_URI";
    case WireError::kBadContentLength:
      return "malformed CONTENT_LENGTH";
    case WireError::kTwoContentLengths:
      return "two CONTENT_LENGTH variables";
    case WireError::kContentLengthTooLarge:
      return "CONTENT_LENGTH too large";
    case WireError::kLengthRequired:
      return "a chunked body without CONTENT_LENGTH: its end cannot be known";
    case WireError::kBodyTooLong:
      return "the body is longer than CONTENT_LENGTH";
    case WireError::kBodyTooShort:
      return "the body is shorter than CONTENT_LENGTH";
  }
  return "malformed request";
}

}  // namespace tierce::http
