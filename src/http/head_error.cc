#include "http/request_parser.h"

namespace tierce::http {

int status_of(HeadError error) {
  switch (error) {
    case HeadError::kConnectRefused:
      return 405;
    case HeadError::kRequestLineTooLong:
      return 414;
    case HeadError::kBadExpect:
      return 417;
    case HeadError::kFieldTooLong:
    case HeadError::kTooManyFields:
    case HeadError::kHeadTooLong:
      return 431;
    case HeadError::kUnsupportedVersion:
      return 505;
    default:
      return 400;
  }
}

std::string_view describe(HeadError error) {
  switch (error) {
    case HeadError::kBadMethod:
      return "malformed method";
    case HeadError::kBadTarget:
      return "malformed request target";
    case HeadError::kBadVersion:
      return "malformed HTTP version";
    case HeadError::kUnsupportedVersion:
      return "HTTP version is not 1.0 or 1.1";
    case HeadError::kRequestLineTooLong:
      return "request line too long";
    case HeadError::kBareCr:
      return "CR without LF";
    case HeadError::kBareLf:
      return "line end without CR";
    case HeadError::kFoldedLine:
      return "folded header line";
    case HeadError::kBadFieldName:
      return "malformed header name";
    case HeadError::kBlankBeforeColon:
      return "blank in or after a header name";
    case HeadError::kBadFieldValue:
      return "control byte in a header value";
    case HeadError::kFieldTooLong:
      return "header line too long";
    case HeadError::kTooManyFields:
      return "too many header lines";
    case HeadError::kHeadTooLong:
      return "request head too long";
    case HeadError::kNoHost:
      return "no Host field";
    case HeadError::kTwoHosts:
      return "two Host fields";
    case HeadError::kBadHost:
      return "malformed Host";
    case HeadError::kBadContentLength:
      return "malformed Content-Length";
    case HeadError::kTwoContentLengths:
      return "two Content-Length fields";
    case HeadError::kContentLengthTooLarge:
      return "Content-Length too large";
    case HeadError::kBadTransferEncoding:
      return "Transfer-Encoding is not one \"chunked\"";
    case HeadError::kTransferEncodingAndLength:
      return "Transfer-Encoding beside Content-Length";
    case HeadError::kTransferEncodingInHttp10:
      return "Transfer-Encoding in HTTP/1.0";
    case HeadError::kTwoContentTypes:
      return "two Content-Type fields";
    case HeadError::kBadExpect:
      return "Expect is not 100-continue";
    case HeadError::kConnectRefused:
      return "CONNECT is not supported";
    case HeadError::kConnectWithBody:
      return "CONNECT with a body";
    case HeadError::kBadEscape:
      return "malformed or NUL percent escape in the path";
  }
  return "malformed request";
}

}  // namespace tierce::http
