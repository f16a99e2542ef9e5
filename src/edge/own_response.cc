#include "edge/own_response.h"

#include <fmt/format.h>

#include "http/fastcgi_record.h"
#include "http/response_head.h"

namespace tierce::edge {

OwnResponse make_own_response(const ResponseWire& wire, const OwnAnswer& answer, std::string_view server,
                              std::string_view date) {
  const std::string_view reason = http::reason_phrase(answer.status);
  const std::string body = fmt::format("<!doctype html>\n<title>{0} {1}</title>\n<h1>{0} {1}</h1>\n<p>{2}</p>\n",
                                       answer.status, reason, server);
  OwnResponse response;
  std::string& text = response.bytes;
  text = fmt::format("{}{} {}\r\n", wire.status_line_start(), answer.status, reason);
  if (wire.is_http()) text += fmt::format("Server: {}\r\nDate: {}\r\n", server, date);
  text += fmt::format("Content-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n{}{}\r\n", body.size(),
                      answer.extra, wire.is_http() && answer.close ? "Connection: close\r\n" : "");
  if (!answer.head_only) {
    text += body;
    response.body_bytes = body.size();
  }
  if (wire.is_fastcgi()) {
    std::string records;
    http::append_stream(records, http::RecordType::kStdout, wire.request_id, text);
    records += wire.end();
    text = std::move(records);
  }
  return response;
}

}  // namespace tierce::edge
