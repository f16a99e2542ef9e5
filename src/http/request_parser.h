// Reads one HTTP/1.x request head, strictly (RFC 9110, RFC 9112): where two servers could read the same
// bytes differently, this one refuses them (docs/limits.md; bad inputs are tests beside this file).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/request_head.h"

namespace tierce::http {

struct HeadLimits {
  std::uint32_t request_line_bytes_max = 8192;  // nginx: large_client_header_buffers 4 8k.
  std::uint32_t field_bytes_max = 8192;         // One header line.
  std::uint32_t fields_max = 100;               // gunicorn: limit_request_fields.
  std::uint32_t head_bytes_max = 32768;         // All of it.
  bool underscores = false;                     // nginx: underscores_in_headers.
  bool plain_names = false;  // Fields with other than letters, digits and '-' in their names are dropped.
  bool empty_host = false;   // "Host:" without a value, as for a unix socket.
};

// Why a head was refused; status_of() says with which status, describe() tells a person.
enum class HeadError : std::uint8_t {
  kBadMethod,
  kBadTarget,
  kBadVersion,
  kUnsupportedVersion,
  kRequestLineTooLong,
  kBareCr,
  kBareLf,
  kFoldedLine,
  kBadFieldName,
  kBlankBeforeColon,
  kBadFieldValue,
  kFieldTooLong,
  kTooManyFields,
  kHeadTooLong,
  kNoHost,
  kTwoHosts,
  kBadHost,
  kBadContentLength,
  kTwoContentLengths,
  kContentLengthTooLarge,
  kBadTransferEncoding,
  kTransferEncodingAndLength,
  kTransferEncodingInHttp10,
  kTwoContentTypes,
  kBadExpect,
  kConnectRefused,
  kConnectWithBody,
  kBadEscape,
};
int status_of(HeadError error);
std::string_view describe(HeadError error);

// Restartable over a growing buffer: parse() is called with all bytes received so far, always from the
// same start; lines already read are not read again. The buffer may move between calls.
class RequestParser {
 public:
  enum class Outcome : std::uint8_t { kNeedMore, kDone, kRefused };

  // `fields` holds room for limits.fields_max entries and outlives the parser.
  RequestParser(const HeadLimits& limits, HeaderField* fields) : limits_(&limits), fields_(fields) {}

  // kDone: head() and fields() are valid for `bytes`; bytes from head().head_bytes on are the body or
  // the next request. kRefused: error() says why; answer and close, nothing after it may be read.
  Outcome parse(std::string_view bytes);

  const RequestHead& head() const { return head_; }
  const HeaderField* fields() const { return fields_; }
  HeadError error() const { return error_; }
  // Fields left out because their name has an underscore and limits.underscores is off.
  std::uint32_t underscored_dropped() const { return underscored_dropped_; }
  // Ready for the next request, in the same buffer or another.
  void reset();

 private:
  // What reading one line came to.
  enum class Line : std::uint8_t { kRead, kLastRead, kNeedMore, kRefused };

  // Fields that may stand once, and what the Connection field asks for; weighed when the head is complete.
  struct Seen {
    bool host = false;
    bool content_type = false;
    bool upgrade_field = false;
    bool close = false;
    bool keep_alive = false;
    bool upgrade = false;
  };

  Line read_request_line(std::string_view bytes);
  Line read_field_line(std::string_view bytes);
  Line finish_request_line(std::string_view bytes, std::string_view method, std::string_view target,
                           std::string_view version);
  Line finish_field(std::string_view bytes, std::string_view name, std::string_view value, bool underscored);
  Line finish_head(std::size_t end);
  Line note_special(std::string_view bytes, std::string_view name, std::string_view value);
  Line note_host(std::string_view bytes, std::string_view value);
  Line note_content_length(std::string_view value);
  Line note_transfer_encoding(std::string_view value);
  Line note_expect(std::string_view value);
  void note_connection(std::string_view value);
  void note_te(std::string_view value);
  Line refuse(HeadError error);
  Line refuse_at(const char* at, const char* end, HeadError otherwise);

  const HeadLimits* limits_;
  HeaderField* fields_;
  RequestHead head_;
  HeadError error_ = HeadError::kBadMethod;
  std::uint32_t underscored_dropped_ = 0;
  std::size_t position_ = 0;  // Start of the first line not yet read.
  bool request_line_done_ = false;
  Seen seen_;
};

}  // namespace tierce::http
