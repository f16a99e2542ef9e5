#include "edge/local_call.h"

#include <algorithm>

#include "edge/answer_sink.h"
#include "edge/edge_thread.h"
#include "http/scgi_parser.h"
#include "http/uwsgi_parser.h"

namespace tierce::edge {

void CallNews::run() {
  while (!waiting_.empty()) {
    told_.swap(waiting_);
    // Who is told may end others of these, which then are nullptr.
    for (LocalCall*& each : told_) {
      LocalCall* call = std::exchange(each, nullptr);
      if (call == nullptr) continue;
      call->waits_ = false;
      call->told_(call->who_);
    }
    told_.clear();
  }
}

LocalCall::LocalCall(EdgeThread& thread, std::uint8_t listener, const os::Peer& peer, CallNews& news, Buffer& answer,
                     Told told, void* who)
    : news_(news),
      told_(told),
      who_(who),
      connection_(new Connection(thread, std::make_unique<AnswerSink>(answer), peer, listener),
                  [](Connection* connection) { connection->destroy(); }) {
  connection_->call_ = this;
}

LocalCall::~LocalCall() {
  if (waits_) {
    for (auto* list : {&news_.waiting_, &news_.told_}) std::replace(list->begin(), list->end(), this, (LocalCall*){});
  }
  connection_->call_ = nullptr;
  if (ended_ || !answer_) return;
  answer_->status = Connection::kClientLeft;
  connection_->conclude(*answer_);
}

void LocalCall::has_news() {
  if (waits_) return;
  waits_ = true;
  news_.waiting_.push_back(this);
}

void LocalCall::ask(std::string_view request) { submit(connection_->begin_exchange() && read_request(request)); }

bool LocalCall::takes_params() const { return connection_->wire_.protocol == config::WireProtocol::kUwsgi; }

void LocalCall::ask(const http::CgiParams& params, std::string_view body) {
  submit(connection_->begin_exchange() && read_params(params, body));
}

void LocalCall::submit(bool good) {
  Connection& connection = *connection_;
  if (good) {
    answer_.emplace(connection.begin_answer(false));
    return;
  }
  // It has been answered, or nothing can be said to it.
  ended_ = true;
  cut_ = connection.exchange_ == nullptr;
  has_news();
}

bool LocalCall::read_request(std::string_view request) {
  Connection& connection = *connection_;
  connection.exchange_->in.append(request);
  switch (connection.wire_.protocol) {
    case config::WireProtocol::kHttp:
      return read_http() && take_body();
    case config::WireProtocol::kUwsgi:
      return read_packet<http::UwsgiParser>() && take_body();
    default:
      return read_packet<http::ScgiParser>() && take_body();
  }
}

bool LocalCall::read_http() {
  Connection& connection = *connection_;
  Exchange& exchange = *connection.exchange_;
  exchange.begin(&connection);
  const auto outcome = exchange.parser.parse(exchange.in.view());
  if (outcome == http::RequestParser::Outcome::kDone) {
    connection.begin_http_request();
    return true;
  }
  const bool refused = outcome == http::RequestParser::Outcome::kRefused;
  const http::HeadError error = exchange.parser.error();
  connection.refuse(refused ? http::status_of(error) : 400, refused ? http::describe(error) : "a part of a head", true);
  return false;
}

template <typename Parser>
bool LocalCall::read_packet() {
  Connection& connection = *connection_;
  Exchange& exchange = *connection.exchange_;
  exchange.begin(&connection);
  exchange.use_variables(Exchange::HeadBytes::kIn);
  Parser parser(connection.thread_.variable_limits(), exchange.variables);
  if (parser.parse(exchange.in.view()) == Parser::Outcome::kDone) {
    connection.begin_packet_request();
    return true;
  }
  // Where nothing can be said, the answer ends before its head.
  static_cast<void>(connection.refuse(exchange.variables.error()));
  return false;
}

bool LocalCall::read_params(const http::CgiParams& params, std::string_view body) {
  Connection& connection = *connection_;
  Exchange& exchange = *connection.exchange_;
  exchange.begin(&connection);
  exchange.use_variables(Exchange::HeadBytes::kParams);
  exchange.params.assign(params.text());
  exchange.packet_bytes = static_cast<std::uint32_t>(http::kUwsgiHeaderBytes + params.uwsgi_bytes());
  http::CgiHead& head = exchange.variables;
  bool good = params.uwsgi_bytes() <= connection.thread_.variable_limits().bytes_max;
  if (!good) head.refuse(http::WireError::kVariablesTooLong);
  good = good && head.add_all(exchange.params, params);
  const auto bytes = static_cast<std::uint32_t>(exchange.params.size());
  if (!good || !head.finish(exchange.params, bytes, http::BodyEnd::kContentLength)) {
    static_cast<void>(connection.refuse(head.error()));
    return false;
  }
  connection.begin_packet_request();
  exchange.used = 0;  // Nothing of it stands in the buffer.
  if (exchange.head().body == http::BodyKind::kNone) return true;
  if (body.size() < exchange.head().content_length) return refuse_body(Connection::BodyState::kEnded);
  const Connection::BodyState stored = connection.store_body(body.substr(0, exchange.head().content_length));
  return stored == Connection::BodyState::kMore || refuse_body(stored);
}

bool LocalCall::refuse_body(Connection::BodyState state) {
  static_cast<void>(connection_->give_up_body(state));
  return false;
}

bool LocalCall::take_body() {
  Connection& connection = *connection_;
  if (connection.exchange_->head().body == http::BodyKind::kNone) return true;
  const Connection::BodyState state = connection.begin_body();
  connection.timer_.cancel();
  if (state == Connection::BodyState::kDone) return true;
  // All of it is here: less than was announced is as if its sender had left.
  return refuse_body(state == Connection::BodyState::kMore ? Connection::BodyState::kEnded : state);
}

LocalCall::Pulled LocalCall::pull() {
  if (ended_) return Pulled::kEnded;
  Connection& connection = *connection_;
  connection.ready_ |= Connection::kWritable;
  const std::uint8_t events = connection.advance(*answer_);
  if (events != 0) return (events & Connection::kWritable) != 0 ? Pulled::kMore : Pulled::kWait;
  end();
  return Pulled::kEnded;
}

void LocalCall::end() {
  const Fate fate = connection_->exchange_->fate;
  timed_out_ = fate == Fate::kTimedOut || fate == Fate::kHangs;
  connection_->conclude(*answer_);
  cut_ = !answer_->complete;
  ended_ = true;
}

}  // namespace tierce::edge
