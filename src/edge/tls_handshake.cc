// TLS before the first request, where the listener has it.
#include <fmt/format.h>

#include "edge/connection.h"
#include "edge/edge_thread.h"

namespace tierce::edge {

Task Connection::shake_hands() {
  using Handshake = tls::Session::Handshake;
  // What followed a PROXY header has been read with it.
  const std::string early(exchange_ != nullptr ? exchange_->in.view() : std::string_view());
  if (exchange_ != nullptr) {
    exchange_->in.consume(early.size());
    end_exchange();
  }
  tls::Session& session = stream_.begin_tls(thread_.tls_of(listener_), early);
  arm(thread_.settings().header_timeout);
  Handshake state = session.handshake();
  while (state == Handshake::kWaitRead || state == Handshake::kWaitWrite) {
    const std::uint8_t wanted = state == Handshake::kWaitRead ? kReadable : kWritable;
    if (peer_closed_ && state == Handshake::kWaitRead) co_return destroy();
    ready_ &= static_cast<std::uint8_t>(~wanted);
    co_await until(static_cast<std::uint8_t>(wanted | kTimeout | kGone | kStopping));
    if ((ready_ & (kTimeout | kGone | kStopping)) != 0) co_return destroy();
    state = session.handshake();
  }
  timer_.cancel();
  if (state == Handshake::kDone) co_return converse();
  if (session.is_plain_http()) {
    stream_.end_tls();
    if (!begin_exchange()) co_return destroy();
    exchange_->begin(this);
    refuse(400, "plain HTTP at an address of https", true);
    Linger linger = begin_linger();
    while (const std::uint8_t events = advance(linger)) co_await until(events);
    co_return destroy();
  }
  thread_.error_log().line(os::LogLevel::kInfo, fmt::format("{}: TLS handshake: {}", peer_text(), session.trouble()));
  destroy();
}

}  // namespace tierce::edge
