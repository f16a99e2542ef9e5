// FastCGI: requests in records, one after another, on a connection that the web server may keep.
#include <fmt/format.h>

#include <optional>

#include "edge/connection.h"
#include "edge/edge_thread.h"
#include "http/fastcgi_reader.h"

namespace tierce::edge {
namespace {

using Outcome = http::FastcgiReader::Outcome;

// What is owed to a web server that asks on while its request is answered; more is not read until then.
constexpr std::size_t kRepliesMax = 4096;

}  // namespace

// A short reply into a socket buffer that has room, unless the web server does not read: then the connection is of
// no more use.
bool Connection::send_whole(std::string_view bytes) {
  return bytes.empty() || stream_.send(bytes.data(), bytes.size()).bytes == bytes.size();
}

Connection::BodyState Connection::take_records(http::FastcgiReader& reader) {
  Exchange& exchange = *exchange_;
  for (;;) {
    const http::FastcgiReader::Step step = reader.next(exchange.in.view());
    const BodyState stored = step.outcome == Outcome::kBody ? store_body(step.data) : BodyState::kMore;
    exchange.in.consume(step.consumed);
    wire_.request_id = reader.id();
    switch (step.outcome) {
      case Outcome::kBody:
        if (stored != BodyState::kMore) return stored;
        break;
      case Outcome::kReply:
        if (!send_whole(reader.take_reply())) return BodyState::kEnded;
        break;
      case Outcome::kHead: {
        exchange.id = thread_.next_request_id();
        ++requests_;
        fill_client_from_variables();
        const std::uint64_t limit = thread_.settings().body_bytes_max;
        if (limit != 0 && exchange.head().content_length > limit) return BodyState::kTooLarge;
        break;
      }
      case Outcome::kNeedMore:
        return BodyState::kMore;
      case Outcome::kBodyEnd:
        return BodyState::kDone;
      case Outcome::kAborted:
        return BodyState::kAborted;
      case Outcome::kRefused:
        return BodyState::kBad;
    }
  }
}

bool Connection::watch_for_abort(http::FastcgiReader& reader, Answer& answer, std::string& replies) {
  for (;;) {
    const http::FastcgiReader::Step step = reader.next(exchange_->in.view());
    exchange_->in.consume(step.consumed);
    switch (step.outcome) {
      case Outcome::kNeedMore:
        return true;
      case Outcome::kReply:
        replies += reader.take_reply();
        break;
      case Outcome::kAborted:
        if (answer.status == 0) answer.status = 499;
        break;
      default:
        return false;
    }
  }
}

Task Connection::serve_fastcgi() {
  const config::EdgeSettings& settings = thread_.settings();
  const http::FastcgiValues values{.connections_max = thread_.connections_max(),
                                   .requests_max = thread_.connections_max()};
  std::optional<http::FastcgiReader> reader;  // None between two requests, when no record has begun.
  bool lingers = false;
  for (;;) {
    // --- head and body ------------------------------------------------------------------------
    BodyState state = BodyState::kMore;
    arm(requests_ == 0 || reader ? settings.header_timeout : settings.keepalive_timeout);
    for (;;) {
      if (exchange_ != nullptr && !exchange_->in.empty()) {
        if (!reader) {
          exchange_->begin(this);
          exchange_->use_variables(Exchange::HeadBytes::kParams);
          reader.emplace(thread_.variable_limits(), values, exchange_->variables, exchange_->params);
          if (requests_ > 0) arm(settings.header_timeout);
        }
        state = take_records(*reader);
        if (state != BodyState::kMore) break;
        if (exchange_->id != 0) arm(settings.body_timeout);
        if (reader->at_boundary()) reader.reset();
      }
      const Input input = take_input(reader.has_value());
      if (input == Input::kRead) continue;
      const bool in_body = reader && exchange_->id != 0;
      if (input == Input::kWait) {
        co_await until(kInputEvents);
        if (!in_body && head_is_late(reader.has_value(), "the request head")) break;
        if (!input_is_over()) continue;
      }
      if (!in_body) co_return destroy();
      state = BodyState::kEnded;
      break;
    }
    timer_.cancel();
    Exchange& exchange = *exchange_;
    bool keep = reader->keep_connection() && requests_ < settings.keepalive_requests && !stopping_;
    if (state == BodyState::kMore) {
      refuse(408, {}, true);
      lingers = true;
      break;
    }
    if (state == BodyState::kBad) {
      lingers = refuse(exchange.variables.error());
      break;
    }

    // --- the answer ---------------------------------------------------------------------------
    std::string replies;  // Between the parts of one record of the response is no place for them.
    if (state == BodyState::kAborted) {
      // Nothing has run: the end of the request is all the answer there is.
      if (exchange.id != 0) log_access(499, 0);
      replies = wire_.end();
    } else if (state != BodyState::kDone) {
      lingers = give_up_body(state);
      break;
    } else {
      Answer answer = begin_answer(keep);
      keep = watch_for_abort(*reader, answer, replies) && keep;
      while (answer.status != 499 || answer.sender.end_early()) {
        const std::uint8_t events = advance(answer);
        if (events == 0) break;
        const bool watches = !peer_closed_ && answer.status != 499 && replies.size() < kRepliesMax;
        co_await until(watches ? events | kReadable : events);
        if (watches && (ready_ & kReadable) != 0 && read_some(kReadBytes)) {
          keep = watch_for_abort(*reader, answer, replies) && keep;
        }
      }
      conclude(answer);
      if (!answer.complete) co_return destroy();
    }
    keep = send_whole(replies) && keep;
    exchange.finish();
    if (!keep) {
      lingers = !peer_closed_ && (!exchange.in.empty() || (ready_ & kReadable) != 0);
      break;
    }
    if (stopping_) co_return destroy();
    reader->next_request();
    exchange.begin(this);
    exchange.use_variables(Exchange::HeadBytes::kParams);
    if (reader->at_boundary()) reader.reset();
  }
  if (lingers && (ready_ & kGone) == 0) {
    Linger linger = begin_linger();
    while (const std::uint8_t events = advance(linger)) co_await until(events);
  }
  destroy();
}

}  // namespace tierce::edge
