#include "edge/own_response.h"

#include <fmt/format.h>

#include "http/response_head.h"

namespace tierce::edge {

OwnResponse make_own_response(int status, std::string_view server, std::string_view date, bool close, bool head_only,
                              std::string_view extra) {
  const std::string_view reason = http::reason_phrase(status);
  const std::string body =
      fmt::format("<!doctype html>\n<title>{0} {1}</title>\n<h1>{0} {1}</h1>\n<p>{2}</p>\n", status, reason, server);
  OwnResponse response;
  response.bytes = fmt::format(
      "HTTP/1.1 {} {}\r\nServer: {}\r\nDate: {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: "
      "{}\r\n{}{}\r\n",
      status, reason, server, date, body.size(), extra, close ? "Connection: close\r\n" : "");
  if (!head_only) {
    response.bytes += body;
    response.body_bytes = body.size();
  }
  return response;
}

}  // namespace tierce::edge
