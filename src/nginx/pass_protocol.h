// What is said to a server that a request is passed to, and how its answer is read: HTTP, uwsgi, SCGI, FastCGI.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/cgi_params.h"
#include "http/chunked_decoder.h"
#include "http/fastcgi_record.h"
#include "http/response_parser.h"
#include "nginx/request.h"

namespace tierce::nginx {

// Which of the four a location passes to, with its settings.
struct PassHow {
  enum class Kind : std::uint8_t { kHttp, kUwsgi, kFastcgi, kScgi };
  Kind kind = Kind::kHttp;
  const conf::PassingSettings* settings = nullptr;
  // wsgi_pass: the application's name, and what it is told when `settings` has nothing.
  const std::string* app = nullptr;
  const std::vector<conf::NamedText>* app_params = nullptr;
};
// nullopt: the location passes nothing on.
std::optional<PassHow> how_to_pass(const conf::LocationSettings& settings);

// Where a request goes, once its texts are known.
struct PassPlace {
  std::string scheme = "http";
  std::string host;  // As a Host header names it.
  std::string port;
  std::string uri;  // Behind the address; "" when there is none.
  bool has_variables = false;
};

// The path that is asked for: the one that came, or the location's prefix replaced by the URI of proxy_pass.
std::string pass_target_of(Request& request, const PassPlace& place);

// What a server that speaks uwsgi, SCGI or FastCGI is told. Valid until the next call of this thread.
http::CgiParams& params_of(Request& request, const PassHow& how);
// The bytes in front of the body. False: they cannot be sent (uwsgi: more than 64 KiB).
bool append_request_head(Request& request, const PassHow& how, const PassPlace& place, bool chunked_body,
                         std::string& out);
// A part of the body as the protocol frames it; "" is its end.
void append_request_body(const PassHow& how, bool chunked_body, std::string_view part, std::string& out);

// The answer's body, taken out of its framing.
class AnswerReader {
 public:
  explicit AnswerReader(PassHow::Kind kind) : kind_(kind) {}

  // --- before the head: FastCGI's records are taken off. kNext: `head` holds what the parser may read.
  enum class Step : std::uint8_t { kData, kNeedMore, kEnd, kBad };
  // What the server has sent and what of it is the answer's own text; consumes all of `bytes`.
  // FastCGI's error output goes to `errors`.
  bool unwrap(std::string_view bytes, std::string& plain, std::string& errors);
  bool wrapped() const { return kind_ == PassHow::Kind::kFastcgi; }
  bool record_end() const { return ended_; }

  // --- behind the head.
  void begin_body(const http::UpstreamHead& head, bool has_body);
  // One step over bytes that are not read yet; `used` of them are.
  Step body(std::string_view bytes, std::string_view* data, std::size_t* used);
  // The server has closed the connection: whether that is the end of the body.
  bool ends_with_connection() const { return !chunked_ && length_left_ < 0 && !wrapped(); }
  bool complete() const { return complete_; }
  // Content-Length has promised more than there was.
  bool lacks_some() const { return length_left_ > 0; }

 private:
  PassHow::Kind kind_;
  http::RecordDecoder records_;
  http::ChunkedDecoder chunks_;
  bool chunked_ = false;
  bool ended_ = false;  // FastCGI: END_REQUEST has come.
  bool complete_ = false;
  std::int64_t length_left_ = -1;
};

}  // namespace tierce::nginx
