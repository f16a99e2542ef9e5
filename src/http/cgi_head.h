// One request as the CGI variables (RFC 3875) that a front server sends over uwsgi, FastCGI or SCGI:
// collects the variables as a parser finds them and makes of them the head that the rest of the edge knows.
//
// The front server has read the client's HTTP and is believed; every variable reaches the application as it
// was sent, the last one where a name comes twice, as uWSGI has it (nginx sends both when a configuration
// overrides one of its stock parameters). Refused is what would make us disagree with it about the body, and
// what no front server sends.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "http/cgi_params.h"
#include "http/request_head.h"
#include "http/wire_error.h"

namespace tierce::http {

struct VariableLimits {
  std::uint32_t bytes_max = 65536;  // uWSGI: buffer-size, there 4096.
  std::uint32_t count_max = kHeaderFieldsMax;
};

// Who says where the body ends: CONTENT_LENGTH, or the protocol's own framing (FastCGI's STDIN stream).
enum class BodyEnd : std::uint8_t { kContentLength, kFraming };

class CgiHead {
 public:
  explicit CgiHead(const VariableLimits& limits) : limits_(&limits) {}

  // The next variable; the spans are of `bytes`. False: refused, error() says why.
  bool add(std::string_view bytes, Span name, Span value);
  // All of `params`, whose text stands in `bytes`, at once.
  bool add_all(std::string_view bytes, const CgiParams& params);
  // All variables are there; they took `head_bytes` of `bytes`. False: refused.
  bool finish(std::string_view bytes, std::uint32_t head_bytes, BodyEnd body_end);
  void reset();

  const RequestHead& head() const { return head_; }
  const std::vector<HeaderField>& variables() const { return variables_; }
  WireError error() const { return error_; }
  bool refuse(WireError error);

  std::string_view protocol(std::string_view bytes) const { return seen_.protocol.in(bytes.data()); }
  std::string_view remote_address(std::string_view bytes) const { return seen_.remote_address.in(bytes.data()); }
  std::string_view remote_user(std::string_view bytes) const { return seen_.remote_user.in(bytes.data()); }
  // The client spoke TLS with the front server: HTTPS, else uWSGI's UWSGI_SCHEME, else REQUEST_SCHEME.
  bool https(std::string_view bytes) const;

 private:
  // Variables that mean something to us; an absent one is an empty span.
  struct Seen {
    Span method, uri, path_info, script_name, document_uri, query, protocol, host, server_name, content_length, https,
        uwsgi_scheme, request_scheme, remote_address, remote_user;
    bool path_info_sent = false;
    bool chunked = false;
  };
  struct Known;
  static const Known* find_known(std::string_view name);
  bool take(std::string_view bytes, Span name, Span value);
  bool note_content_length(std::string_view bytes, Span value);
  bool find_body(BodyEnd body_end);
  void find_path(std::string_view bytes);

  const VariableLimits* limits_;
  RequestHead head_;
  std::vector<HeaderField> variables_;
  Seen seen_;
  WireError error_ = WireError::kNoVariables;
};

// Whether variable `name` carries the header field `lower` ("HTTP_USER_AGENT", "user-agent").
bool carries_header(std::string_view name, std::string_view lower);

}  // namespace tierce::http
