// HTTP/1.x, with clients or with a proxy in between: one exchange after another on a kept connection.
#include <fmt/format.h>

#include "edge/connection.h"
#include "edge/edge_thread.h"

namespace tierce::edge {

void Connection::begin_http_request() {
  Exchange& exchange = *exchange_;
  exchange.id = thread_.next_request_id();
  exchange.used = exchange.head().head_bytes;
  ++requests_;
  fill_client();
  const os::ErrorLog& log = thread_.error_log();
  if (exchange.parser.underscored_dropped() == 0 || !log.wants(os::LogLevel::kInfo)) return;
  log.line(os::LogLevel::kInfo,
           fmt::format("request {}: {}: {}: dropped {} header(s) with an underscore in the name "
                       "(--underscores-in-headers lets them through)",
                       exchange.id_text(), peer_text(), exchange.label(), exchange.parser.underscored_dropped()));
}

Task Connection::serve_http() {
  const config::EdgeSettings& settings = thread_.settings();
  bool lingers = false;
  for (;;) {
    // --- the head -----------------------------------------------------------------------------
    http::RequestParser::Outcome outcome = http::RequestParser::Outcome::kNeedMore;
    arm(requests_ == 0 ? settings.header_timeout : settings.keepalive_timeout);
    bool begun = false;
    for (;;) {
      if (exchange_ != nullptr && !exchange_->in.empty()) {
        if (!begun) {
          begun = true;
          exchange_->begin(this);
          if (requests_ > 0) arm(settings.header_timeout);
        }
        outcome = exchange_->parser.parse(exchange_->in.view());
        if (outcome != http::RequestParser::Outcome::kNeedMore) break;
      }
      const Input input = take_input(begun);
      if (input == Input::kEnded) co_return destroy();
      if (input == Input::kRead) continue;
      co_await until(kInputEvents);
      if (head_is_late(begun, "the request head")) {
        refuse(408, {}, true);
        break;
      }
      if (input_is_over()) co_return destroy();
    }
    timer_.cancel();
    if (outcome != http::RequestParser::Outcome::kDone) {
      if (outcome == http::RequestParser::Outcome::kRefused) {
        const http::HeadError error = exchange_->parser.error();
        refuse(http::status_of(error), http::describe(error), true);
      }
      lingers = true;
      break;
    }

    // --- the body -----------------------------------------------------------------------------
    Exchange& exchange = *exchange_;
    const http::RequestHead& head = exchange.head();
    begin_http_request();
    bool keep_alive = head.keep_alive && requests_ < settings.keepalive_requests && !stopping_;
    if (head.body != http::BodyKind::kNone) {
      BodyState state = begin_body();
      while (state == BodyState::kMore) {
        co_await until(kBodyEvents);
        state = read_body();
      }
      timer_.cancel();
      if (state != BodyState::kDone) {
        lingers = give_up_body(state);
        break;
      }
    }

    // --- the answer ---------------------------------------------------------------------------
    Answer answer = begin_answer(keep_alive);
    while (const std::uint8_t events = advance(answer)) co_await until(events);
    conclude(answer);
    if (!answer.complete) co_return destroy();
    exchange.finish();
    if (!answer.sender.keep_alive()) {
      lingers = !peer_closed_ && (!exchange.in.empty() || (ready_ & kReadable) != 0);
      break;
    }
    if (stopping_) co_return destroy();
  }
  if (lingers && (ready_ & kGone) == 0) {
    Linger linger = begin_linger();
    while (const std::uint8_t events = advance(linger)) co_await until(events);
  }
  destroy();
}

}  // namespace tierce::edge
