// Reads the head of a response that an upstream server sends: HTTP/1.x, or the CGI form that uwsgi, SCGI and FastCGI
// servers use (RFC 3875 6). Lenient where nginx is, and strict about where the body ends.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "http/request_head.h"

namespace tierce::http {

enum class ResponseError : std::uint8_t {
  kNoStatusLine,      // "upstream sent no valid HTTP/1.0 header"
  kBadField,          // "upstream sent invalid header"
  kBadLength,         // A Content-Length that is none, or two of them.
  kLengthAndChunked,  // Two ways to find the end.
  kBadEncoding,       // A Transfer-Encoding other than chunked.
};
std::string_view describe(ResponseError error);

struct UpstreamHead {
  int status = 0;
  int minor_version = 1;
  Span reason;
  std::int64_t content_length = -1;
  bool chunked = false;
  bool keep_alive = false;  // The server goes on behind this response, if its end can be found.
  bool upgrade = false;
  std::vector<HeaderField> fields;
  std::uint32_t head_bytes = 0;
};

class ResponseParser {
 public:
  enum class Form : std::uint8_t {
    kHttp,
    kCgi,  // A "Status" field, a status line or nothing says the status.
  };
  enum class Outcome : std::uint8_t { kNeedMore, kDone, kRefused };

  explicit ResponseParser(Form form) : form_(form) {}
  void reset(Form form);
  // With all bytes received so far, always from the same start; they may move between calls.
  Outcome parse(std::string_view bytes);
  const UpstreamHead& head() const { return head_; }
  ResponseError error() const { return error_; }

 private:
  Outcome refuse(ResponseError error) {
    error_ = error;
    return Outcome::kRefused;
  }
  bool read_status_line(std::string_view bytes, std::string_view line);
  bool read_field(std::string_view bytes, std::string_view line);
  bool note(std::string_view bytes, const HeaderField& field);
  Outcome finish(std::size_t end);

  Form form_;
  UpstreamHead head_;
  ResponseError error_ = ResponseError::kNoStatusLine;
  std::size_t position_ = 0;  // Start of the first line not yet read.
  bool first_ = true;
  bool said_close_ = false, said_keep_ = false, has_location_ = false;
};

}  // namespace tierce::http
