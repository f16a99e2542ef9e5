// One server after another, until one answers: connecting, sending the request, reading the head of the answer.
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>

#include "http/cgi_request.h"
#include "http/uwsgi_parser.h"
#include "nginx/body_reader.h"
#include "nginx/error_logs.h"
#include "nginx/pass_tls.h"
#include "nginx/passing.h"
#include "nginx/site.h"
#include "nginx/system_error.h"

namespace tierce::nginx {
namespace {

constexpr std::chrono::milliseconds kMinute{60'000};
constexpr std::size_t kReadBytes = 16384;
constexpr int kClientGoneStatus = 499;  // nginx's, for logs.

// The statuses that proxy_next_upstream has words for.
bool is_failure(int status) {
  return status == 403 || status == 404 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

std::string_view scheme_of(PassHow::Kind kind, bool tls) {
  switch (kind) {
    case PassHow::Kind::kHttp:
      return tls ? "https://" : "http://";
    case PassHow::Kind::kUwsgi:
      return tls ? "suwsgi://" : "uwsgi://";
    case PassHow::Kind::kFastcgi:
      return "fastcgi://";
    case PassHow::Kind::kScgi:
      return "scgi://";
  }
  return {};
}

std::string describe_errno(int error) {
  return fmt::format("({}: {})", error, std::strerror(error));  // NOLINT: the text is copied at once
}

}  // namespace

Passing::~Passing() {
  if (peer_) give_back(Balancing::End::kGood);
  drop_connection();
}

void Passing::drop_connection() {
  if (connection_ == nullptr) return;
  const bool is_local = connection_->call != nullptr || connection_->stream->io().pair() != nullptr;
  connection_->call.reset();
  if (is_local) request_.site.local_apps().give_back(std::move(connection_->in));
  bury(request_.site.loop(), std::move(connection_->stream));
  connection_.reset();
}

void Passing::log(Level level, std::string_view text) const { request_.site.error_logs().line(level, request_, text); }

bool Passing::names(std::string_view word) const {
  const conf::Words& words = how_.settings->next_upstream;
  if (words.empty()) return word == "error" || word == "timeout";
  return std::find(words.begin(), words.end(), word) != words.end();
}

// An attempt that may be made again elsewhere: what went wrong is among those that are named, and the request does no
// harm twice.
bool Passing::may_try_again(Trouble trouble, int status) const {
  const bool repeatable =
      request_.method_name != "POST" && request_.method_name != "LOCK" && request_.method_name != "PATCH";
  if (request_begun_ && !repeatable && !names("non_idempotent")) return false;
  if (request_begun_ && streams_body_) return false;
  if (trouble == Trouble::kError || trouble == Trouble::kAway) return names("error");
  if (trouble == Trouble::kTimeout) return names("timeout");
  if (trouble == Trouble::kInvalidHeader) return names("invalid_header");
  return status != 0 && names(fmt::format("http_{}", status));
}

bool Passing::client_left() const {
  if (request_.signal().has(kGone)) return true;
  return request_.client().half_closed() && !how_.settings->ignore_client_abort.value_or(false);
}

Async<Passing::Trouble> Passing::wait(std::uint32_t events, conf::Milliseconds time, std::string_view doing) {
  doing_ = doing;
  Stream& stream = *connection_->stream;
  Signal& signal = request_.signal();
  stream.arm(time.value_or(kMinute));
  while (!signal.has(events)) {
    if (signal.has(kUpstreamLate)) co_return Trouble::kTimeout;
    if (client_left()) {
      log(Level::kInfo, fmt::format("client prematurely closed connection while {}", doing));
      co_return Trouble::kClientGone;
    }
    // What the client sends meanwhile is read later; that it has gone is news.
    const std::uint32_t client = signal.has(kReadable) ? 0u : std::uint32_t{kReadable};
    co_await signal.until(events | kUpstreamLate | kGone | client);
  }
  stream.disarm();
  co_return Trouble::kNone;
}

Async<Passing::Trouble> Passing::connect_locally(LocalApp& app) {
  Loop& loop = request_.site.loop();
  Signal& signal = request_.signal();
  // One that starts, or starts again, is waited for as a server that does not accept is.
  Timer late;
  const auto patience = static_cast<std::uint64_t>(how_.settings->connect_timeout.value_or(kMinute).count());
  const std::uint64_t until_ns = loop.now_ns() + patience * 1'000'000;
  LocalApp::Way way = app.way();
  for (; way == LocalApp::Way::kAsked; way = app.way()) {
    auto alive = std::make_shared<bool>(true);
    signal.clear(kResolved | kPause);
    app.when_known([&signal, alive] {
      if (*alive) signal.raise(kResolved);
    });
    if (!late.armed()) {
      loop.timers().arm(late, until_ns, &signal, [](void* to) { static_cast<Signal*>(to)->raise(kPause); });
    }
    co_await signal.until(kResolved | kPause | kGone);
    *alive = false;
    if (client_left()) {
      late.cancel();
      co_return Trouble::kClientGone;
    }
    if (!signal.has(kResolved)) co_return Trouble::kTimeout;
  }
  late.cancel();
  if (way == LocalApp::Way::kAway) {
    log(Level::kError, "the application's program has failed to start while connecting to upstream");
    co_return Trouble::kAway;
  }
  if (way != LocalApp::Way::kOpen) co_return Trouble::kNone;
  call_or_connect(app);
  co_return Trouble::kNone;
}

// A request that is at hand as a whole is a call; one whose body is still to come, or in a file, needs a stream.
void Passing::call_or_connect(LocalApp& app) {
  Loop& loop = request_.site.loop();
  auto made = std::make_unique<UpstreamConnection>();
  made->began_ms = loop.now_ms();
  if (!streams_body_ && request_.exchange().body_file() < 0 && !reader_.wrapped()) {
    made->stream = std::make_unique<Stream>(loop);
    made->call = app.call(made->in, *made->stream);
  }
  if (made->call == nullptr) {
    auto end = app.connect();
    if (end == nullptr) return;
    made->stream = std::make_unique<Stream>(loop, std::move(end));
    static_cast<void>(made->stream->watch());
  }
  made->in = request_.site.local_apps().take_buffer();
  made->stream->attach(&request_.signal(), kUpstreamShift);
  connection_ = std::move(made);
}

Async<Passing::Trouble> Passing::connect(const PeerAddress& address) {
  if (LocalApp* app = over_tls_ ? nullptr : request_.site.local_apps().find(address); app != nullptr) {
    const Trouble trouble = co_await connect_locally(*app);
    if (connection_ != nullptr && connection_->call == nullptr) connection_->address = address.text;
    if (connection_ != nullptr || trouble != Trouble::kNone) co_return trouble;
    if (how_.app != nullptr) co_return co_await connect_by_name(*app);
  }
  if (how_.app != nullptr) {
    log(Level::kError, fmt::format("there is no application \"{}\" (`tierce up` starts it beside us)", *how_.app));
    co_return Trouble::kError;
  }
  co_return co_await connect_by_socket(address);
}

// By the socket of an application whose name alone is known; what is known of it may be old.
Async<Passing::Trouble> Passing::connect_by_name(LocalApp& app) {
  for (bool again = false;; again = true) {
    const PeerAddress* known = app.socket();
    if (known == nullptr) {
      log(Level::kError, fmt::format("no application \"{}\" is there, or none with a uwsgi socket", *how_.app));
      co_return Trouble::kError;
    }
    const PeerAddress address = *known;
    const Trouble trouble = co_await connect_by_socket(address);
    if (trouble == Trouble::kError) app.socket_failed();
    if (trouble != Trouble::kError || again) co_return trouble;
    drop_connection();
    const Trouble asked = co_await connect_locally(app);
    if (connection_ != nullptr || asked != Trouble::kNone) co_return asked;
  }
}

Async<Passing::Trouble> Passing::connect_by_socket(const PeerAddress& address) {
  const int family = address.storage.ss_family;
  os::UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) {
    log(Level::kAlert, system_error("socket() failed").text());
    co_return Trouble::kError;
  }
  if (family != AF_UNIX) os::set_no_delay(fd.get());
  if (how_.settings->socket_keepalive.value_or(false)) {
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }
  const int done = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length);
  const int error = done == 0 ? 0 : errno;
  const bool under_way = error == EINPROGRESS;
  if (error != 0 && !under_way) {
    // A unix socket whose queue is full says EAGAIN at once, as it does to nginx.
    const bool nobody_listens = error == ECONNREFUSED || error == EAGAIN || error == ENETUNREACH ||
                                error == EHOSTUNREACH || error == ENETDOWN || error == EHOSTDOWN;
    log(nobody_listens ? Level::kError : Level::kCrit,
        fmt::format("connect() to {} failed {} while connecting to upstream", address.text, describe_errno(error)));
    co_return Trouble::kError;
  }
  connection_ = std::make_unique<UpstreamConnection>();
  connection_->address = address.text;
  connection_->began_ms = request_.site.loop().now_ms();
  connection_->stream = std::make_unique<Stream>(request_.site.loop(), std::move(fd));
  Stream& stream = *connection_->stream;
  stream.attach(&request_.signal(), kUpstreamShift);
  if (!stream.watch()) co_return Trouble::kError;
  if (!under_way) co_return Trouble::kNone;
  const Trouble waited =
      co_await wait(kUpstreamWritable | kUpstreamGone, how_.settings->connect_timeout, "connecting to upstream");
  if (waited != Trouble::kNone) co_return waited;
  int failed = 0;
  socklen_t size = sizeof failed;
  ::getsockopt(stream.fd(), SOL_SOCKET, SO_ERROR, &failed, &size);
  if (failed != 0) {
    log(Level::kError, fmt::format("connect() failed {} while connecting to upstream", describe_errno(failed)));
    co_return Trouble::kError;
  }
  co_return Trouble::kNone;
}

Async<Passing::Trouble> Passing::secure() {
  doing_ = "SSL handshaking to upstream";
  tls::Session* session = begin_pass_tls(request_, *how_.settings, connection_->address, connection_->stream->io());
  if (session == nullptr) co_return Trouble::kError;
  using Handshake = tls::Session::Handshake;
  for (;;) {
    const Handshake state = session->handshake();
    if (state == Handshake::kDone) co_return Trouble::kNone;
    if (state == Handshake::kFailed) {
      log(Level::kError,
          fmt::format("SSL_do_handshake() failed ({}) while SSL handshaking to upstream", session->trouble()));
      co_return Trouble::kError;
    }
    const std::uint32_t wanted = state == Handshake::kWaitRead ? kReadable : kWritable;
    connection_->stream->clear(wanted);
    const Trouble waited = co_await wait((wanted << kUpstreamShift) | kUpstreamGone, how_.settings->connect_timeout,
                                         "SSL handshaking to upstream");
    if (waited != Trouble::kNone) co_return waited;
    if (request_.signal().has(kUpstreamGone)) {
      log(Level::kError, "peer closed connection in SSL handshake while SSL handshaking to upstream");
      co_return Trouble::kError;
    }
  }
}

Async<Passing::Trouble> Passing::send_bytes(std::string& bytes) {
  Stream& stream = *connection_->stream;
  if (connection_->call != nullptr) {
    connection_->call->ask(bytes);
    request_.upstream.attempts.back().bytes_sent += bytes.size();
    bytes.clear();
    co_return Trouble::kNone;
  }
  std::size_t at = 0;
  while (at < bytes.size()) {
    const os::IoResult sent = stream.io().send(bytes.data() + at, bytes.size() - at);
    if (sent.outcome == os::Io::kClosed) {
      // It may have answered before it closed: that answer counts.
      if (stream.has(kReadable) && request_.upstream.attempts.back().bytes_sent > 0) {
        body_sent_ = false;
        co_return Trouble::kNone;
      }
      log(Level::kError, "send() failed while sending request to upstream");
      co_return Trouble::kError;
    }
    if (sent.outcome == os::Io::kDone && sent.bytes > 0) {
      at += sent.bytes;
      request_.upstream.attempts.back().bytes_sent += sent.bytes;
      continue;
    }
    stream.clear(kWritable);
    // An answer before the end of the request is passed back at once. Over TLS what can be read may be a ticket.
    const bool may_answer = !stream.io().is_tls() && request_.upstream.attempts.back().bytes_sent > 0;
    std::uint32_t events = kUpstreamWritable | kUpstreamGone;
    if (may_answer) events |= kUpstreamReadable;
    const Trouble waited = co_await wait(events, how_.settings->send_timeout, "sending request to upstream");
    if (waited != Trouble::kNone) co_return waited;
    if (may_answer && stream.has(kReadable)) {
      body_sent_ = false;
      co_return Trouble::kNone;
    }
  }
  if (stream.io().is_tls()) {
    while (stream.io().flush().outcome == os::Io::kWouldBlock) {
      stream.clear(kWritable);
      const Trouble waited =
          co_await wait(kUpstreamWritable | kUpstreamGone, how_.settings->send_timeout, "sending request to upstream");
      if (waited != Trouble::kNone) co_return waited;
    }
  }
  bytes.clear();
  co_return Trouble::kNone;
}

Passing::Trouble Passing::too_many_params() const {
  log(Level::kError, "the request is too large for the uwsgi protocol: its variables have more than 65535 bytes");
  return Trouble::kCannotSend;
}

Passing::Trouble Passing::call_with_params(bool with_body) {
  http::CgiParams& params = params_of(request_, how_);
  // The application would wait for what does not come.
  if (!with_body) params.empty("CONTENT_LENGTH");
  if (params.uwsgi_bytes() > http::kUwsgiParamBytesMax) return too_many_params();
  body_sent_ = true;
  const std::string_view body = with_body ? std::string_view(request_.exchange().body_memory) : std::string_view();
  connection_->call->ask(params, body);
  request_.upstream.attempts.back().bytes_sent += http::kUwsgiHeaderBytes + params.uwsgi_bytes() + body.size();
  return Trouble::kNone;
}

// Of its own, so that the frame of other requests does not hold its buffer.
Async<Passing::Trouble> Passing::send_body_file(std::string& bytes) {
  const edge::Exchange& exchange = request_.exchange();
  std::uint64_t at = 0;
  while (at < exchange.body_bytes) {
    char part[kReadBytes];
    const std::size_t got = os::read_at(exchange.body_file(), part, sizeof part, at);
    if (got == 0) co_return Trouble::kError;
    at += got;
    append_request_body(how_, false, {part, got}, bytes);
    const Trouble sent = co_await send_bytes(bytes);
    if (sent != Trouble::kNone || !body_sent_) co_return sent;
  }
  co_return Trouble::kNone;
}

Async<Passing::Trouble> Passing::send_request() {
  request_begun_ = true;
  doing_ = "sending request to upstream";
  const bool with_body = how_.settings->pass_request_body.value_or(true) && request_.parent == nullptr;
  if (connection_->call != nullptr && connection_->call->takes_params() && how_.kind == PassHow::Kind::kUwsgi &&
      request_.settings->uwsgi.modifier1.value_or(0) == 0)
    co_return call_with_params(with_body);
  std::string& bytes = request_.upstream.sending;
  bytes.clear();
  if (!append_request_head(request_, how_, place_, chunked_body_, bytes)) {
    co_return too_many_params();
  }
  body_sent_ = true;
  edge::Exchange& exchange = request_.exchange();
  if (!body_.empty()) {
    append_request_body(how_, false, body_, bytes);
  } else if (with_body && streams_body_) {
    Trouble sent = co_await send_bytes(bytes);
    while (sent == Trouble::kNone && body_sent_) {
      std::string_view data;
      const Client::Input input = request_.client().take_body(&data);
      if (input == Client::Input::kEnd) break;
      if (input == Client::Input::kBad || input == Client::Input::kGone) co_return Trouble::kClientGone;
      if (input == Client::Input::kData) {
        exchange.body_bytes += data.size();
        const auto& most = request_.settings->client_max_body_size;
        const std::uint64_t limit = most ? static_cast<std::uint64_t>(most->bytes) : 1u << 20;
        if (limit != 0 && exchange.body_bytes > limit) {
          too_large_ = true;
          co_return Trouble::kCannotSend;
        }
        append_request_body(how_, chunked_body_, data, bytes);
        sent = co_await send_bytes(bytes);
        continue;
      }
      request_.client().say_continue(request_);
      request_.client().arm(request_.settings->client_body_timeout.value_or(kMinute));
      co_await request_.signal().until(kReadable | kLate | kGone | kUpstreamReadable | kUpstreamGone);
      if (request_.signal().has(kGone | kLate) && !request_.signal().has(kReadable)) {
        client_late_ = request_.timed_out = !request_.signal().has(kGone);
        co_return Trouble::kClientGone;
      }
      // An answer before the end of the body: it is passed back, and the rest is read for nothing.
      if (request_.signal().has(kUpstreamReadable | kUpstreamGone)) body_sent_ = false;
    }
    request_.client().arm(std::chrono::milliseconds(0));
    if (sent != Trouble::kNone) co_return sent;
    if (body_sent_) request_.body_read = true;
  } else if (with_body && exchange.body_file() >= 0) {
    const Trouble sent = co_await send_body_file(bytes);
    if (sent != Trouble::kNone || !body_sent_) co_return sent;
  } else if (with_body && exchange.body_bytes > 0) {
    append_request_body(how_, false, exchange.body_memory, bytes);
  }
  if (body_sent_ && (chunked_body_ || how_.kind == PassHow::Kind::kFastcgi))
    append_request_body(how_, chunked_body_, {}, bytes);
  co_return co_await send_bytes(bytes);
}

// The same of a call.
bool Passing::pull() {
  const std::size_t before = connection_->in.size();
  const edge::LocalCall::Pulled pulled = connection_->call->pull();
  request_.upstream.attempts.back().bytes_received += connection_->in.size() - before;
  if (pulled != edge::LocalCall::Pulled::kMore) connection_->stream->clear(kReadable);
  if (pulled != edge::LocalCall::Pulled::kEnded) return true;
  server_ended_ = true;
  server_broke_off_ = connection_->call->cut();
  return connection_->in.size() > before;
}

// Everything that has come; a short read means that the socket is empty.
bool Passing::receive() {
  Stream& stream = *connection_->stream;
  if (!stream.has(kReadable)) return true;
  edge::Buffer& in = connection_->in;
  if (connection_->call != nullptr) return pull();
  char* into = in.room(kReadBytes);
  const std::size_t room = in.room_bytes();
  const os::IoResult got = stream.io().receive(into, room);
  if (got.outcome == os::Io::kClosed) {
    server_ended_ = true;
    server_broke_off_ = got.cut;
    stream.clear(kReadable);
    return false;
  }
  in.filled(got.bytes);
  request_.upstream.attempts.back().bytes_received += got.bytes;
  if (got.bytes < room && !stream.peer_ended() && !stream.io().ended()) stream.clear(kReadable);
  if (reader_.wrapped()) {
    if (plain_used_ > 0) {
      plain_.erase(0, plain_used_);
      plain_used_ = 0;
    }
    std::string errors;
    const bool good = reader_.unwrap(in.view(), plain_, errors);
    in.consume(in.size());
    if (!errors.empty()) {
      for (const std::string& each : request_.settings->fastcgi.catch_stderr)
        caught_ = caught_ || errors.find(each) != std::string::npos;
      while (errors.ends_with('\n')) errors.pop_back();
      log(Level::kError,
          fmt::format("FastCGI sent in stderr: \"{}\" while reading response header from upstream", errors));
    }
    if (!good) {
      log(Level::kError, "upstream sent unsupported FastCGI protocol record");
      server_ended_ = true;
      return false;
    }
  }
  return true;
}

void Passing::consume(std::size_t bytes) {
  if (reader_.wrapped()) {
    plain_used_ += bytes;
  } else {
    connection_->in.consume(bytes);
  }
}

Async<Passing::Trouble> Passing::read_head() {
  doing_ = "reading response header from upstream";
  const std::int64_t most = how_.settings->buffer_size ? how_.settings->buffer_size->bytes : 4096;
  parser_.reset(how_.kind == PassHow::Kind::kHttp ? http::ResponseParser::Form::kHttp
                                                  : http::ResponseParser::Form::kCgi);
  caught_ = false;
  for (;;) {
    if (caught_) co_return Trouble::kInvalidHeader;
    if (!unread().empty()) {
      using Parsed = http::ResponseParser::Outcome;
      const Parsed outcome = parser_.parse(unread());
      if (outcome == Parsed::kRefused) {
        log(Level::kError, fmt::format("{} while reading response header from upstream", describe(parser_.error())));
        co_return Trouble::kInvalidHeader;
      }
      const bool too_long = static_cast<std::int64_t>(unread().size()) > most;
      if (outcome == Parsed::kDone && parser_.head().head_bytes <= static_cast<std::uint64_t>(most)) {
        const int status = parser_.head().status;
        if (status == 101 && request_.field("upgrade").empty()) {
          log(Level::kError, "upstream sent unexpected 101 while reading response header from upstream");
          co_return Trouble::kInvalidHeader;
        }
        if (status >= 200 || status == 101) co_return Trouble::kNone;
        // 100 and 103 are said on the way.
        consume(parser_.head().head_bytes);
        parser_.reset(http::ResponseParser::Form::kHttp);
        continue;
      }
      if (too_long) {
        log(Level::kError, "upstream sent too big header while reading response header from upstream");
        co_return Trouble::kInvalidHeader;
      }
    }
    if (reader_.record_end()) {
      log(Level::kError, "upstream sent unexpected FastCGI record: 3 while reading response header from upstream");
      co_return Trouble::kInvalidHeader;
    }
    if (server_ended_ && connection_->call != nullptr && connection_->call->timed_out()) co_return Trouble::kTimeout;
    if (server_ended_ || (!connection_->stream->has(kReadable) && connection_->stream->has(kGone))) {
      log(Level::kError, "upstream prematurely closed connection while reading response header from upstream");
      co_return Trouble::kError;
    }
    if (connection_->stream->has(kReadable)) {
      static_cast<void>(receive());
      continue;
    }
    const Trouble waited = co_await wait(kUpstreamReadable | kUpstreamGone, how_.settings->read_timeout,
                                         "reading response header from upstream");
    if (waited != Trouble::kNone) co_return waited;
  }
}

std::int64_t Passing::now_s() const { return static_cast<std::int64_t>(request_.site.loop().now_ns() / 1'000'000'000); }

// For logs. As nginx says it: while it is known where to, a unix socket ends with a colon.
void Passing::name_upstream(std::string_view address, bool is_unix) {
  request_.pass_url.assign(scheme_of(how_.kind, over_tls_)).append(address);
  if (is_unix) request_.pass_url += ':';
  if (how_.kind == PassHow::Kind::kHttp) request_.pass_url += pass_target_of(request_, place_);
}

UpstreamAttempt& Passing::begin_facts(const std::string& address) {
  UpstreamAttempt& facts = request_.upstream.attempts.emplace_back();
  facts.address = address;
  facts.redirected = first_try_ && request_.upstream.attempts.size() > 1;
  first_try_ = false;
  began_ms_ = request_.site.loop().now_ms();
  return facts;
}

void Passing::give_back(Balancing::End end) {
  const PeerGroup::Released released = group_->peers().release(*peer_, end, now_s());
  if (released.disabled) log(Level::kWarn, fmt::format("upstream server temporarily disabled while {}", doing_));
  if (end == Balancing::End::kFailed) name_upstream(peer_->address->text, false);
  tries_left_ = released.single || tries_left_ == 0 ? 0 : tries_left_ - 1;
  peer_.reset();
}

bool Passing::out_of_time() const {
  const auto& most = how_.settings->next_upstream_timeout;
  return most && most->count() > 0 &&
         request_.site.loop().now_ms() - first_began_ms_ >= static_cast<std::uint64_t>(most->count());
}

Async<Passing::Trouble> Passing::attempt(const PeerAddress& address) {
  begin_facts(address.text);
  name_upstream(address.text, address.storage.ss_family == AF_UNIX);
  server_ended_ = server_broke_off_ = false;
  plain_.clear();
  plain_used_ = 0;
  reader_ = AnswerReader(how_.kind);
  connection_ = group_->take_kept(address.text);
  if (connection_ != nullptr) {
    connection_->stream->attach(&request_.signal(), kUpstreamShift);
  } else {
    Trouble made = co_await connect(address);
    if (made == Trouble::kNone && over_tls_) made = co_await secure();
    if (made != Trouble::kNone) co_return made;
  }
  const auto since = [this] { return request_.site.loop().now_ms() - began_ms_; };
  request_.upstream.attempts.back().connected = true;
  request_.upstream.attempts.back().connect_ms = since();
  ++connection_->requests;
  Trouble trouble = co_await send_request();
  if (trouble == Trouble::kNone) trouble = co_await read_head();
  if (trouble == Trouble::kNone) {
    UpstreamAttempt& done = request_.upstream.attempts.back();
    done.answered = true;
    done.header_ms = since();
    done.status = parser_.head().status;
  }
  co_return trouble;
}

Async<int> Passing::try_servers() {
  if (group_->settings().hash_key) hash_key_ = request_.site.text(request_, *group_->settings().hash_key);
  if (group_->settings().balance == conf::UpstreamSettings::Balance::kIpHash)
    request_.site.variable(request_, "remote_addr", remote_);
  choice_.key = hash_key_;
  choice_.remote = remote_;
  tries_left_ = group_->peers().tries();
  if (const auto most = static_cast<std::size_t>(how_.settings->next_upstream_tries.value_or(0)); most > 0)
    tries_left_ = std::min(tries_left_, most);
  first_began_ms_ = request_.site.loop().now_ms();
  for (;;) {
    request_begun_ = false;
    doing_ = "connecting to upstream";
    peer_ = group_->peers().choose(choice_, now_s());
    if (!peer_) {
      UpstreamAttempt& facts = begin_facts(group_->settings().name);
      facts.status = 502;
      facts.ended = true;
      name_upstream(group_->settings().name, false);
      log(Level::kError, "no live upstreams while connecting to upstream");
      co_return 502;
    }
    const Trouble trouble = co_await attempt(*peer_->address);
    if (trouble == Trouble::kClientGone || trouble == Trouble::kCannotSend) {
      drop_connection();
      give_back(Balancing::End::kGood);
      if (trouble == Trouble::kCannotSend) co_return too_large_ ? 413 : 500;
      request_.response.status = client_late_ ? 408 : kClientGoneStatus;
      co_return kClose;
    }
    const int answered = trouble == Trouble::kNone ? parser_.head().status : 0;
    // An answer that another server may better is passed on all the same where there is no other.
    if (trouble == Trouble::kNone &&
        (!is_failure(answered) || tries_left_ <= 1 || !may_try_again(trouble, answered) || out_of_time()))
      co_return kNext;
    const bool reused = connection_ != nullptr && connection_->reused;
    drop_connection();
    give_back(answered == 403 || answered == 404 ? Balancing::End::kGood : Balancing::End::kFailed);
    if (trouble == Trouble::kTimeout)
      log(Level::kError, fmt::format("upstream timed out (110: Connection timed out) while {}", doing_));
    // A kept connection that the server has closed meanwhile takes no try away.
    if (reused && trouble == Trouble::kError) ++tries_left_;
    const int status = trouble == Trouble::kTimeout ? 504
                       : trouble == Trouble::kAway  ? 503
                       : answered != 0              ? answered
                                                    : 502;
    UpstreamAttempt& facts = request_.upstream.attempts.back();
    facts.response_ms = request_.site.loop().now_ms() - began_ms_;
    facts.ended = true;
    facts.status = status;
    if (tries_left_ == 0 || !may_try_again(trouble, answered) || out_of_time()) {
      if (trouble == Trouble::kAway) request_.response.fields.add("Retry-After", "1");
      co_return status;
    }
  }
}

Async<int> Passing::run() {
  const conf::PassingSettings& settings = *how_.settings;
  const http::RequestHead& head = request_.exchange().head();
  const bool http11 = request_.settings->proxy.http_version == "1.1";
  const bool unbuffered = !settings.request_buffering.value_or(true);
  // Only HTTP/1.1 can send a body whose length is not known.
  streams_body_ = unbuffered && request_.parent == nullptr && head.body != http::BodyKind::kNone &&
                  !request_.body_read && settings.pass_request_body.value_or(true) &&
                  (head.body == http::BodyKind::kLength || (how_.kind == PassHow::Kind::kHttp && http11));
  chunked_body_ = streams_body_ && head.body == http::BodyKind::kChunked;
  if (!streams_body_) {
    if (const int outcome = co_await read_body(request_); outcome != kNext) co_return outcome;
  }
  if (request_.settings->proxy.body && how_.kind == PassHow::Kind::kHttp)
    body_ = request_.site.text(request_, *request_.settings->proxy.body);
  if (const int outcome = co_await find_place(); outcome != kNext) co_return outcome;
  if (const int outcome = co_await try_servers(); outcome != kNext) co_return outcome;
  const int outcome = take_head();
  if (outcome != kNext) {
    finish_connection();
    co_return outcome;
  }
  if (request_.response.status == 101) co_return co_await tunnel();
  co_return co_await relay();
}

Async<int> pass_request(Request& request, PassHow how) {
  Passing passing(request, how);
  co_return co_await passing.run();
}

}  // namespace tierce::nginx
