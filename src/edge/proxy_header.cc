// The PROXY header of a load balancer, before the first byte of the client: from here on the connection is the
// client's it names.
#include <fmt/format.h>

#include <cstring>

#include "edge/connection.h"
#include "edge/edge_thread.h"
#include "http/proxy_protocol.h"

namespace tierce::edge {

Task Connection::read_proxy_header() {
  using Outcome = http::ProxyHeaderParser::Outcome;
  http::ProxyHeaderParser parser;
  Outcome outcome = Outcome::kNeedMore;
  arm(thread_.settings().header_timeout);
  while (outcome == Outcome::kNeedMore) {
    // It comes at once or not at all: silence is late as well.
    const Input input = take_input(false);
    if (input == Input::kEnded) co_return destroy();
    if (input == Input::kWait) {
      co_await until(kInputEvents);
      if (head_is_late(true, "the PROXY header") || input_is_over()) co_return destroy();
      continue;
    }
    const std::string_view come = exchange_->in.view();
    if (!thread_.settings().proxy_header_required && !http::may_be_proxy_header(come)) break;
    outcome = parser.parse(come);
  }
  timer_.cancel();
  if (outcome == Outcome::kRefused) {
    refuse(parser.error());
    co_return destroy();
  }
  exchange_->in.consume(parser.bytes());  // None without a header.
  if (const http::ProxySource& source = parser.source(); source.named) {
    std::memcpy(peer_.address, source.address, sizeof peer_.address);
    peer_.address_bytes = source.address_bytes;
    peer_.port = source.port;
  }
  begin();
}

}  // namespace tierce::edge
