// uwsgi and SCGI: the front server sends one request in one packet, its body behind it, and the end of the
// connection ends the answer.
#include <optional>

#include "edge/connection.h"
#include "edge/edge_thread.h"
#include "http/scgi_parser.h"
#include "http/uwsgi_parser.h"

namespace tierce::edge {
namespace {

bool is_ping(http::UwsgiParser::Outcome outcome) { return outcome == http::UwsgiParser::Outcome::kPing; }
bool is_ping(http::ScgiParser::Outcome) { return false; }

}  // namespace

void Connection::begin_packet_request() {
  exchange_->id = thread_.next_request_id();
  exchange_->used = exchange_->head().head_bytes;
  ++requests_;
  fill_client_from_variables();
}

void Connection::serve_packet() {
  if (wire_.protocol == config::WireProtocol::kUwsgi) {
    serve_one_packet<http::UwsgiParser>();
  } else {
    serve_one_packet<http::ScgiParser>();
  }
}

template <typename Parser>
Task Connection::serve_one_packet() {
  using Outcome = typename Parser::Outcome;
  bool lingers = false;
  do {  // Once; left by break for the end of the connection.
    // --- the head -----------------------------------------------------------------------------
    Outcome outcome = Outcome::kNeedMore;
    std::optional<Parser> parser;
    arm(thread_.settings().header_timeout);
    for (;;) {
      if (exchange_ != nullptr && !exchange_->in.empty()) {
        if (!parser) {
          exchange_->begin(this);
          exchange_->use_variables(Exchange::HeadBytes::kIn);
          parser.emplace(thread_.variable_limits(), exchange_->variables);
        }
        outcome = parser->parse(exchange_->in.view());
        if (outcome != Outcome::kNeedMore) break;
      }
      const Input input = take_input(parser.has_value());
      if (input == Input::kEnded) co_return destroy();
      if (input == Input::kRead) continue;
      co_await until(kInputEvents);
      if (head_is_late(parser.has_value(), "the request head")) {
        refuse(408, {}, true);
        break;
      }
      if (input_is_over()) co_return destroy();
    }
    timer_.cancel();
    if (is_ping(outcome)) {
      static_cast<void>(stream_.send(http::kUwsgiPong.data(), http::kUwsgiPong.size()));
      break;
    }
    Exchange& exchange = *exchange_;
    if (outcome != Outcome::kDone) {
      lingers = outcome == Outcome::kNeedMore || refuse(exchange.variables.error());
      break;
    }

    // --- the body -----------------------------------------------------------------------------
    begin_packet_request();
    if (exchange.head().body != http::BodyKind::kNone) {
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
    Answer answer = begin_answer(false);
    while (const std::uint8_t events = advance(answer)) co_await until(events);
    conclude(answer);
    if (!answer.complete) co_return destroy();
    exchange.finish();
    // What stands behind the body is nobody's request: it is read only to be dropped.
    lingers = !peer_closed_ && (!exchange.in.empty() || (ready_ & kReadable) != 0);
  } while (false);
  if (lingers && (ready_ & kGone) == 0) {
    Linger linger = begin_linger();
    while (const std::uint8_t events = advance(linger)) co_await until(events);
  }
  destroy();
}

}  // namespace tierce::edge
