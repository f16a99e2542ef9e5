#include "edge/connection.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "edge/answer_sink.h"
#include "edge/basic_auth.h"
#include "edge/edge_thread.h"
#include "edge/local_call.h"
#include "http/field_rules.h"
#include "os/clock.h"

namespace tierce::edge {
namespace {

// Lingering close (nginx: lingering_timeout 5s, lingering_time 30s): a client that still sends gets to
// read our answer before the reset.
constexpr std::chrono::milliseconds kLingerQuiet{5000};
constexpr std::uint64_t kLingerTotalNs = 30'000'000'000;
// What a client that has just connected gets for its first request when the server stops.
constexpr std::chrono::milliseconds kFirstRequestGrace{500};
// ... and one that is silent in the middle of a request then.
constexpr std::chrono::milliseconds kSilenceAtStop{3000};

}  // namespace

void Connection::start(EdgeThread& thread, os::UniqueFd fd, const os::Peer& peer, std::uint8_t listener) {
  auto* connection = new Connection(thread, std::move(fd), peer, listener);
  if (!thread.poller().add_stream(connection->stream_.fd(), connection)) return connection->destroy();
  if (thread.is_proxy(peer, thread.listener(listener).is_unix)) {
    connection->read_proxy_header();
  } else {
    connection->begin();
  }
}

void Connection::start(EdgeThread& thread, std::unique_ptr<PairEnd> end, const os::Peer& peer, std::uint8_t listener) {
  PairEnd& watched = *end;
  auto* connection = new Connection(thread, std::move(end), peer, listener);
  watched.watch([](void* self, std::uint32_t events) { static_cast<Connection*>(self)->on_poll(events); }, connection);
  connection->converse();
}

void Connection::begin() {
  if (thread_.tls_of(listener_) != nullptr) {
    shake_hands();
  } else {
    converse();
  }
}

void Connection::converse() {
  switch (wire_.protocol) {
    case config::WireProtocol::kHttp:
      serve_http();
      break;
    case config::WireProtocol::kUwsgi:
    case config::WireProtocol::kScgi:
      serve_packet();
      break;
    case config::WireProtocol::kFastcgi:
      serve_fastcgi();
      break;
  }
}

template Connection::Connection(EdgeThread&, std::unique_ptr<AnswerSink>, const os::Peer&, std::uint8_t);

template <typename Stream>
Connection::Connection(EdgeThread& thread, Stream stream, const os::Peer& peer, std::uint8_t listener)
    : thread_(thread), stream_(std::move(stream)), listener_(listener), peer_(peer) {
  wire_.protocol = thread.listener(listener).protocol;
  trusted_ = thread.trusts(peer, thread.listener(listener).is_unix);
  thread_.connection_began(*this);
}

Connection::~Connection() {
  if (exchange_ != nullptr) end_exchange();
  thread_.connection_ended(*this);
}

void Connection::destroy() { delete this; }

void Connection::notify(std::uint8_t events) {
  ready_ |= events;
  if (call_ != nullptr) return call_->has_news();
  if (waiter_ && (ready_ & wanted_) != 0) waiter_.resume();
}

void Connection::on_poll(std::uint32_t epoll_events) {
  std::uint8_t events = 0;
  if ((epoll_events & EPOLLIN) != 0) events |= kReadable;
  if ((epoll_events & EPOLLOUT) != 0) {
    events |= kWritable;
    // Whoever waits for it does so itself, and counts what has gone.
    if ((wanted_ & kWritable) == 0) static_cast<void>(stream_.flush());
  }
  if ((epoll_events & EPOLLRDHUP) != 0) {
    // A client that has sent all it wanted may still read: only a reset ends the exchange.
    peer_closed_ = true;
    events |= kReadable;
  }
  if ((epoll_events & (EPOLLHUP | EPOLLERR)) != 0) events |= kGone | kReadable | kWritable;
  notify(events);
}

void Connection::stop(bool at_once) {
  stopping_ = true;
  // A client that has connected and not asked yet is about to: its request is on its way.
  if (!at_once && requests_ == 0 && exchange_ == nullptr) return arm(kFirstRequestGrace);
  if (exchange_ != nullptr && (wanted_ == kInputEvents || wanted_ == kBodyEvents)) arm(kSilenceAtStop);
  notify(at_once ? kStopping | kGone : kStopping);
}

void Connection::arm(std::chrono::milliseconds after) {
  ready_ &= static_cast<std::uint8_t>(~kTimeout);
  if (after.count() <= 0) return timer_.cancel();
  thread_.timers().arm(timer_, thread_.now_ns() + static_cast<std::uint64_t>(after.count()) * 1'000'000u, this,
                       [](void* self) { static_cast<Connection*>(self)->notify(kTimeout); });
}

std::chrono::milliseconds Connection::body_patience() const {
  const std::chrono::milliseconds usual = thread_.settings().body_timeout;
  return stopping_ && (usual.count() <= 0 || usual > kSilenceAtStop) ? kSilenceAtStop : usual;
}

bool Connection::begin_exchange() {
  exchange_ = thread_.take_exchange(this);
  return exchange_ != nullptr;
}

void Connection::end_exchange() {
  thread_.dispatcher().forget(*exchange_);
  exchange_->finish();
  thread_.give_back(exchange_);
  exchange_ = nullptr;
}

// One recv. A short read means that the socket is empty: the next event says when it is not, so no read
// is spent on learning EAGAIN.
bool Connection::read_some(std::size_t least) {
  char* into = exchange_->in.room(least);
  const std::size_t room = exchange_->in.room_bytes();
  const os::IoResult got = stream_.receive(into, room);
  if (got.outcome == os::Io::kClosed) {
    peer_closed_ = true;
    return false;
  }
  exchange_->in.filled(got.bytes);
  if (got.bytes < room && !peer_closed_ && !stream_.ended()) ready_ &= static_cast<std::uint8_t>(~kReadable);
  return true;
}

std::string Connection::peer_text() const {
  if (peer_.address_bytes == 0) return "unix:";
  return fmt::format("{}:{}", std::string_view(peer_.address, peer_.address_bytes), peer_.port);
}

void Connection::fill_client() {
  Exchange& exchange = *exchange_;
  gateway::ClientInfo& client = exchange.client;
  std::memcpy(client.remote_address, peer_.address, peer_.address_bytes);
  client.remote_address_bytes = peer_.address_bytes;
  client.remote_port = peer_.port;
  client.listener = thread_.listener(listener_).worker_number;
  client.https = stream_.is_tls();
  if (!trusted_) return;
  const auto& secure = thread_.settings().secure_scheme_headers;
  bool says_https = false, says_http = false;
  for (std::uint32_t i = 0; i < exchange.head().field_count; ++i) {
    const std::string_view name = exchange.part(exchange.fields[i].name);
    for (const auto& [known, value] : secure) {
      if (name.size() != known.size() || !http::equals_ignoring_case(name, known)) continue;
      (http::equals_ignoring_case(exchange.part(exchange.fields[i].value), value) ? says_https : says_http) = true;
    }
  }
  // A proxy sets one of them and passes the others on as the client has sent them: one that says less is believed.
  if (says_https && !says_http) client.https = true;
}

Connection::BodyState Connection::store_body(std::string_view data) {
  Exchange& exchange = *exchange_;
  const std::uint64_t limit = thread_.settings().body_bytes_max;
  exchange.body_bytes += data.size();
  if (limit != 0 && exchange.body_bytes > limit) return BodyState::kTooLarge;
  if (!exchange.body_file_ && exchange.body_bytes <= thread_.settings().body_buffer_bytes) {
    exchange.body_memory.append(data);
    return BodyState::kMore;
  }
  if (!exchange.body_file_) {
    exchange.body_file_ = os::temporary_file(thread_.settings().temp_dir);
    if (!exchange.body_file_ ||
        !os::write_all(exchange.body_file_.get(), exchange.body_memory.data(), exchange.body_memory.size())) {
      return BodyState::kNoSpace;
    }
    exchange.body_memory.clear();
  }
  return os::write_all(exchange.body_file_.get(), data.data(), data.size()) ? BodyState::kMore : BodyState::kNoSpace;
}

Connection::BodyState Connection::take_body() {
  Exchange& exchange = *exchange_;
  std::string_view arrived = exchange.in.view().substr(exchange.used);
  if (exchange.head().body == http::BodyKind::kLength) {
    // The usual small body came with its head: it stays where it is.
    if (body_left_ == exchange.head().content_length && arrived.size() >= body_left_ &&
        body_left_ <= thread_.settings().body_buffer_bytes) {
      exchange.body_in_buffer = true;
      exchange.body_bytes = body_left_;
      exchange.used += body_left_;
      body_left_ = 0;
      return BodyState::kDone;
    }
    const std::size_t now = static_cast<std::size_t>(std::min<std::uint64_t>(arrived.size(), body_left_));
    const BodyState stored = store_body(arrived.substr(0, now));
    if (stored != BodyState::kMore) return stored;
    body_left_ -= now;
    exchange.used += now;
    return body_left_ == 0 ? BodyState::kDone : BodyState::kMore;
  }
  for (;;) {
    const auto step = chunks_.next(arrived);
    exchange.used += step.consumed;
    arrived.remove_prefix(step.consumed);
    switch (step.outcome) {
      case http::ChunkedDecoder::Outcome::kNeedMore:
        return BodyState::kMore;
      case http::ChunkedDecoder::Outcome::kDone:
        return BodyState::kDone;
      case http::ChunkedDecoder::Outcome::kRefused:
        return BodyState::kBad;
      case http::ChunkedDecoder::Outcome::kData:
        if (const BodyState stored = store_body(step.data); stored != BodyState::kMore) return stored;
    }
  }
}

int Connection::status_of(Fate fate) const {
  switch (fate) {
    case Fate::kWorkerDied:
    case Fate::kNonsense:
      return 502;
    case Fate::kTimedOut:
    case Fate::kHangs:
      return 504;
    default:
      return 503;
  }
}

// What a format of the access log may ask of one exchange.
class Connection::LoggedFields final : public AccessFields {
 public:
  explicit LoggedFields(const Exchange& exchange) : exchange_(exchange) {}
  std::string_view request(std::string_view name) const override { return exchange_.field(name); }
  std::string_view response(std::string_view name) const override {
    // "200 OK\r\nName: value\r\n...", as the worker has written it.
    std::string_view rest = exchange_.response_head;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find("\r\n"), rest.size());
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 2, rest.size()));
      if (line.size() <= name.size() || line[name.size()] != ':') continue;
      if (!http::equals_ignoring_case(line.substr(0, name.size()), name)) continue;
      std::string_view value = line.substr(name.size() + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      return value;
    }
    return {};
  }

  std::string_view variable(std::string_view name) const override {
    if (exchange_.head().form == http::FieldForm::kHeaders) return {};
    for (std::uint32_t i = 0; i < exchange_.head().field_count; ++i) {
      const http::HeaderField& each = exchange_.head_fields()[i];
      if (exchange_.part(each.name) == name) return exchange_.part(each.value);
    }
    return {};
  }

  std::string_view log_variable(std::string_view name) const override { return exchange_.log_variable(name); }

 private:
  const Exchange& exchange_;
};

void Connection::add_details(AccessRecord& record) const {
  const Exchange& exchange = *exchange_;
  const http::RequestHead& head = exchange.head();
  if (head.head_bytes > 0) {
    record.method = exchange.part(head.method_name);
    record.target = exchange.part(head.target);
    record.path = head.path.length > 0 ? exchange.part(head.path) : "/";
    record.query = exchange.part(head.query);
    record.protocol = wire_.is_http() ? (head.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1")
                                      : exchange.variables.protocol(exchange.head_bytes());
  }
  if (exchange.queued_ns != 0) record.duration_ns = os::monotonic_ns() - exchange.queued_ns;
  record.host = exchange.part(head.authority);
  record.request_fields = head.field_count;
  record.request_head_bytes = exchange.packet_bytes != 0 ? exchange.packet_bytes : head.head_bytes;
  record.request_body_bytes = exchange.body_bytes;
  record.response_fields = exchange.response_fields;
  record.response_head_bytes = exchange.response_head_bytes;
  record.worker = exchange.worker;
  record.thread = exchange.thread;
  record.from_file = exchange.from_file;
  record.pid = exchange.worker_pid != 0 ? exchange.worker_pid : ::getpid();
}

bool Connection::is_logged(int status, std::uint64_t body_bytes) const {
  const config::LoggedRequests& wanted = thread_.settings().logged;
  if (exchange_->not_logged) return false;
  if (wanted.all || exchange_->logged_anyway) return true;
  if (wanted.status_4xx && status >= 400 && status <= 499) return true;
  if (wanted.status_5xx && status >= 500 && status <= 599) return true;
  if (wanted.without_body && body_bytes == 0) return true;
  if (wanted.big_bytes > 0 && body_bytes >= wanted.big_bytes) return true;
  if (wanted.files && exchange_->from_file) return true;
  if (wanted.client_lost && status == kClientLeft) return true;
  return wanted.slow_ms > 0 && exchange_->queued_ns != 0 &&
         (os::monotonic_ns() - exchange_->queued_ns) / 1'000'000 >= wanted.slow_ms;
}

void Connection::log_access(int status, std::uint64_t body_bytes) {
  AccessLog& log = thread_.access_log();
  if (!log.on() || !is_logged(status, body_bytes)) return;
  const Exchange& exchange = *exchange_;
  const http::RequestHead& head = exchange.head();
  AccessRecord record{};
  record.remote_address = {peer_.address, peer_.address_bytes};
  std::string user, line;
  if (head.head_bytes > 0) {
    if (wire_.is_http()) {
      // Method, target and version stand in one line of the buffer.
      const std::size_t begin = head.method_name.offset, end = head.target.offset + head.target.length + 9;
      record.request_line = exchange.in.view().substr(begin, end - begin);
    } else {
      const std::string_view bytes = exchange.head_bytes();
      if (log.wants_request_line()) {
        line.append(exchange.part(head.method_name)).append(" ").append(exchange.part(head.target)).append(" ");
        line.append(exchange.variables.protocol(bytes));
        record.request_line = line;
      }
      record.remote_address = exchange.variables.remote_address(bytes);
      record.remote_user = exchange.variables.remote_user(bytes);
    }
    if (log.wants_referer()) record.referer = exchange.field("referer");
    if (log.wants_user_agent()) record.user_agent = exchange.field("user-agent");
    if (!exchange.remote_user.empty()) record.remote_user = exchange.remote_user;
    // To uWSGI a name that nobody has checked is none.
    if (record.remote_user.empty() && log.wants_user() && !thread_.settings().uwsgi_line.used) {
      user = basic_user(exchange.field("authorization"));
      record.remote_user = user;
    }
  } else if (wire_.is_http()) {
    const std::string_view seen = exchange.in.view();
    record.request_line = seen.substr(0, std::min(seen.find_first_of("\r\n"), std::size_t{1024}));
  }
  record.status = status;
  record.client_lost = status == kClientLeft;
  record.body_bytes = body_bytes;
  const LoggedFields fields(exchange);
  record.fields = &fields;
  if (log.detailed()) add_details(record);
  log.add(record, thread_.wall());
}

Connection::Input Connection::take_input(bool begun) {
  if ((ready_ & kReadable) == 0) {
    // Idle connections hold no exchange, and so no buffer.
    if (exchange_ != nullptr && exchange_->in.empty() && !begun) end_exchange();
    return stopping_ && !begun ? Input::kEnded : Input::kWait;
  }
  if (exchange_ == nullptr && !begin_exchange()) return Input::kEnded;
  return read_some(exchange_->in.empty() ? kReadBytes : 1) ? Input::kRead : Input::kEnded;
}

bool Connection::head_is_late(bool begun, std::string_view what) {
  ready_ &= static_cast<std::uint8_t>(~kStopping);  // Seen by take_input() in stopping_.
  if ((ready_ & kTimeout) == 0 || !begun) return false;
  thread_.error_log().line(os::LogLevel::kInfo, fmt::format("{}: {} was not complete within {} ms", peer_text(), what,
                                                            thread_.settings().header_timeout.count()));
  return true;
}

Connection::BodyState Connection::begin_body() {
  const http::RequestHead& head = exchange_->head();
  const std::uint64_t limit = thread_.settings().body_bytes_max;
  chunks_.reset();
  body_left_ = head.content_length;
  if (head.body == http::BodyKind::kLength && limit != 0 && head.content_length > limit) return BodyState::kTooLarge;
  const bool nothing_came = exchange_->in.size() == exchange_->used;
  const BodyState state = take_body();
  if (state == BodyState::kMore && head.expect_continue && nothing_came) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    static_cast<void>(stream_.send(kContinue.data(), kContinue.size()));
  }
  if (state == BodyState::kMore) arm(body_patience());
  return state;
}

Connection::BodyState Connection::read_body() {
  if ((ready_ & (kTimeout | kGone)) != 0) return BodyState::kEnded;
  BodyState state = BodyState::kMore;
  while (state == BodyState::kMore && (ready_ & kReadable) != 0) {
    // Bytes already stored make room for the next: the buffer keeps the head and one reading.
    exchange_->drop_stored_body();
    if (!read_some(kReadBytes * 4)) return BodyState::kEnded;
    state = take_body();
  }
  if (state == BodyState::kMore) arm(body_patience());
  return state;
}

bool Connection::give_up_body(BodyState state) {
  const config::EdgeSettings& settings = thread_.settings();
  switch (state) {
    case BodyState::kEnded:
      if ((ready_ & kTimeout) == 0) {
        log_access(400, 0);
        return false;
      }
      thread_.error_log().line(
          os::LogLevel::kInfo,
          fmt::format("request {}: {}: {}: the body did not arrive within {} ms", exchange_->id_text(), peer_text(),
                      exchange_->label(), settings.body_timeout.count()));
      refuse(408, {}, true);
      break;
    case BodyState::kTooLarge:
      refuse(413, "the body is larger than --client-max-body-size", true);
      break;
    case BodyState::kBad:
      refuse(400, http::describe(chunks_.error()), true);
      break;
    default:
      thread_.log_seldom("request temp file", os::LogLevel::kError,
                         errno_error("writing a request body to a temporary file in " + settings.temp_dir).text());
      refuse(503, {}, true);
      break;
  }
  return true;
}

Connection::Answer Connection::begin_answer(bool keep_alive) {
  ready_ &= static_cast<std::uint8_t>(~kProgress);
  Answer answer{.sender = ResponseSender(thread_, stream_, keep_alive, wire_)};
  if (auto content = find_content()) {
    exchange_->queued_ns = thread_.now_ns();
    answer.sender.begin(*exchange_, std::move(*content));
  } else {
    thread_.dispatcher().submit(*exchange_, thread_.now_ns());
  }
  return answer;
}

std::uint8_t Connection::advance(Answer& answer) {
  Exchange& exchange = *exchange_;
  ResponseSender& sender = answer.sender;
  const config::EdgeSettings& settings = thread_.settings();
  if (answer.blocked && (ready_ & kTimeout) != 0) {
    thread_.error_log().line(os::LogLevel::kInfo,
                             fmt::format("request {}: {}: {}: the client did not read for {} ms", exchange.id_text(),
                                         peer_text(), exchange.label(), settings.send_timeout.count()));
    answer.status = 408;
    return 0;
  }
  answer.blocked = false;
  if ((ready_ & kGone) != 0) {
    answer.status = kClientLeft;
    return 0;
  }
  if (exchange.fate != Fate::kWaiting) {
    if (sender.head_composed()) {  // Too late for another status: a clean end would be a lie.
      answer.status = sender.status();
      return 0;
    }
    answer.status = status_of(exchange.fate);
    thread_.error_log().line(os::LogLevel::kError,
                             fmt::format("request {}: {}: {}: {}", exchange.id_text(), peer_text(), exchange.label(),
                                         describe(exchange.fate, settings)));
    // To a front server, and to an edge beside us, no answer is one: their error_page and next_upstream know what to
    // do.
    if (answer.status != 503 && (thread_.is_guest() || !wire_.is_http())) return 0;
    thread_.dispatcher().forget(exchange);
    exchange.fate = Fate::kWaiting;
    OwnResponse own =
        own_response(answer.status, !sender.keep_alive(), answer.status == 503 ? "Retry-After: 1\r\n" : "");
    static_cast<void>(sender.send_own(std::move(own.bytes), own.body_bytes));
  }
  ready_ &= static_cast<std::uint8_t>(~kProgress);
  switch (sender.step(exchange)) {
    case ResponseSender::Step::kDone:
      answer.complete = true;
      return 0;
    case ResponseSender::Step::kCut:
      return 0;
    case ResponseSender::Step::kClientGone:
      answer.status = kClientLeft;
      return 0;
    case ResponseSender::Step::kWaitProgress:
      return kProgress | kGone;
    case ResponseSender::Step::kWaitWritable:
      ready_ &= static_cast<std::uint8_t>(~kWritable);
      if (!timer_.armed() || sender.advanced()) arm(settings.send_timeout);
      answer.blocked = true;
      return kWritable | kProgress | kGone | kTimeout;
  }
  return 0;
}

void Connection::conclude(Answer& answer) {
  timer_.cancel();
  if (answer.status == 0) answer.status = answer.sender.status();
  log_access(answer.status, answer.sender.body_bytes());
  thread_.dispatcher().forget(*exchange_);
  const bool begun = answer.sender.head_composed();
  if (begun && !answer.complete && (answer.sender.ends_with_connection() || !wire_.is_http())) stream_.reset_at_close();
}

Connection::Linger Connection::begin_linger() {
  stream_.shutdown_writing();
  return {.until_ns = thread_.now_ns() + kLingerTotalNs};
}

std::uint8_t Connection::advance(Linger& linger) {
  while (thread_.now_ns() < linger.until_ns && !thread_.stopping()) {
    if ((ready_ & kReadable) == 0) {
      if (linger.waited && (ready_ & (kTimeout | kGone | kStopping)) != 0) return 0;
      linger.waited = true;
      arm(kLingerQuiet);
      return kReadable | kTimeout | kGone | kStopping;
    }
    if ((ready_ & kGone) != 0) return 0;
    Buffer& scratch = thread_.scratch();
    scratch.clear();
    char* into = scratch.room(16384);
    const os::IoResult got = stream_.receive(into, 16384);
    if (got.outcome == os::Io::kClosed) return 0;
    if (got.bytes < 16384 && !stream_.ended()) ready_ &= static_cast<std::uint8_t>(~kReadable);
  }
  return 0;
}

void Connection::refuse(int status, std::string_view why, bool close) {
  if (!why.empty()) {
    const bool whole = exchange_->head().head_bytes > 0 && exchange_->id != 0;
    thread_.error_log().line(os::LogLevel::kInfo,
                             whole ? fmt::format("request {}: {}: {}: {} ({})", exchange_->id_text(), peer_text(),
                                                 exchange_->label(), why, status)
                                   : fmt::format("{}: request refused: {} ({})", peer_text(), why, status));
  }
  const OwnResponse own = own_response(status, close);
  if (wire_.is_fastcgi() && wire_.request_id == 0) return log_access(status, 0);  // No request to answer has begun.
  // A few hundred bytes into an empty socket buffer: what does not fit is lost with the connection.
  static_cast<void>(stream_.send(own.bytes.data(), own.bytes.size()));
  log_access(status, own.body_bytes);
}

bool Connection::refuse(http::WireError error) {
  const int status = http::status_of(error);
  if (status != 0 && (!wire_.is_fastcgi() || wire_.request_id != 0)) {
    refuse(status, http::describe(error), true);
    return true;
  }
  thread_.error_log().line(os::LogLevel::kInfo,
                           fmt::format("{}: connection closed: {}", peer_text(), http::describe(error)));
  return false;
}

OwnResponse Connection::own_response(int status, bool close, std::string_view extra) {
  const bool head_only = exchange_->head().method == http::Method::kHead;
  return make_own_response(wire_, {.status = status, .close = close, .head_only = head_only, .extra = extra},
                           thread_.settings().server_name, thread_.date());
}

void Connection::fill_client_from_variables() {
  Exchange& exchange = *exchange_;
  gateway::ClientInfo& client = exchange.client;
  client = {};
  client.listener = thread_.listener(listener_).worker_number;
  client.https = exchange.variables.https(exchange.head_bytes());
}

}  // namespace tierce::edge
