#include "nginx/http1_connection.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <charconv>
#include <utility>

#include "config/nginx/normal_path.h"
#include "config/nginx/server_name.h"
#include "http/http_date.h"
#include "http/proxy_protocol.h"
#include "http/response_head.h"
#include "nginx/access_logs.h"
#include "nginx/browser.h"
#include "nginx/error_logs.h"
#include "nginx/http2_connection.h"
#include "nginx/phases.h"
#include "nginx/special_pages.h"
#include "nginx/status_words.h"
#include "nginx/tls_server.h"
#include "tls/session_facts.h"

namespace tierce::nginx {
namespace {

// One sendfile() moves at most this much, so that one fast client does not keep the others waiting.
constexpr std::uint64_t kFileTurn = 1u << 20;
constexpr std::chrono::milliseconds kFirstRequestGrace{500};

std::chrono::milliseconds or_else(const conf::Milliseconds& given, std::int64_t seconds) {
  return given.value_or(std::chrono::milliseconds(seconds * 1000));
}

}  // namespace

void Http1Connection::start(ServerThread& thread, const conf::Listener& listener, os::UniqueFd fd,
                            const os::Peer& peer) {
  auto* connection = new Http1Connection(thread, listener, std::move(fd), peer);
  if (!connection->stream_->watch()) return connection->destroy();
  connection->converse();
}

Http1Connection::Http1Connection(ServerThread& thread, const conf::Listener& listener, os::UniqueFd fd,
                                 const os::Peer& peer)
    : thread_(thread), loop_(thread.loop()), listener_(&listener) {
  stream_ = std::make_unique<Stream>(loop_, std::move(fd));
  stream_->attach(&signal_, 0);
  peer_.remote = peer;
  peer_.is_unix = !listener.address.unix_path.empty();
  peer_.connection_number = thread.site().next_connection_number();
  peer_.began_ms = loop_.wall_ms();
  find_local_address(&listener_);
  thread_.connection_began(*this);
}

Http1Connection::~Http1Connection() {
  thread_.connection_ended(*this);
  if (exchange_ != nullptr) thread_.exchanges(*listener_).give_back(std::move(exchange_));
  bury(loop_, std::move(stream_));
}

// Which address of the machine the client has connected to: known where one listens at a single one.
void Http1Connection::find_local_address(const conf::Listener** listener) {
  const conf::Address& address = (*listener)->address;
  if (peer_.is_unix) {
    peer_.texts = thread_.texts(**listener, "unix:" + address.unix_path);
    return;
  }
  peer_.local_port = address.port;
  if (!address.wildcard) {
    peer_.texts = thread_.texts(**listener, address.host);
    return;
  }
  sockaddr_storage local{};
  socklen_t length = sizeof local;
  char text[INET6_ADDRSTRLEN] = {};
  if (::getsockname(stream_->fd(), reinterpret_cast<sockaddr*>(&local), &length) == 0) {
    if (local.ss_family == AF_INET) {
      ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&local)->sin_addr, text, sizeof text);
    } else {
      ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&local)->sin6_addr, text, sizeof text);
    }
  }
  // Another `listen` may name this very address: it shares the socket.
  conf::Address exact = address;
  exact.wildcard = false;
  exact.host = text;
  exact.ipv6 = local.ss_family == AF_INET6;
  peer_.texts = thread_.texts(**listener, text);
  if (const conf::Listener* found = conf::find_listener(thread_.site().model(), exact); found != nullptr)
    *listener = found;
}

void Http1Connection::stop(bool at_once) {
  stopping_ = true;
  if (at_once) return signal_.raise(kStopping | kGone);
  // A client that has connected and not asked yet is about to: its request is on its way.
  if (requests_ == 0 && exchange_ == nullptr) return stream_->arm(kFirstRequestGrace);
  signal_.raise(kStopping);
}

// One recv. A short read means that the socket is empty: the next event says when it is not, so no read is spent on
// learning EAGAIN. Keep it so.
bool Http1Connection::read_some(std::size_t least) {
  char* into = exchange_->in.room(least);
  const std::size_t room = exchange_->in.room_bytes();
  const os::IoResult got = stream_->io().receive(into, room);
  if (got.outcome == os::Io::kClosed) {
    ended_ = true;
    return false;
  }
  exchange_->in.filled(got.bytes);
  if (got.bytes < room && !stream_->peer_ended() && !stream_->io().ended()) stream_->clear(kReadable);
  return true;
}

Async<Http1Connection::HeadRead> Http1Connection::read_head() {
  const conf::Server& server = *listener_->fallback;
  const auto head_time = or_else(server.settings.client_header_timeout, 60);
  const auto& kept = (request_ != nullptr ? *request_->settings : server.root.settings).keepalive_timeout;
  const auto idle_time = kept ? kept->time : std::chrono::milliseconds(75'000);
  bool begun = exchange_ != nullptr && !exchange_->in.empty();
  pipelined_ = begun;
  Counters& counters = thread_.site().counters();
  if (!begun) {
    // Idle: nothing is held but the connection itself.
    request_.reset();
    if (exchange_ != nullptr) thread_.exchanges(*listener_).give_back(std::move(exchange_));
    if (!stopping_ || requests_ > 0) stream_->arm(requests_ == 0 ? head_time : idle_time);
    counters.waiting.fetch_add(1, std::memory_order_relaxed);
    thread_.connection_rests(*this);
  } else {
    exchange_->begin(nullptr);
    stream_->arm(head_time);
  }
  for (;;) {
    if (begun && requests_ == 0 && speaks_http2_in_plain()) co_return HeadRead::kHttp2;
    if (begun) {
      switch (exchange_->parser.parse(exchange_->in.view())) {
        case http::RequestParser::Outcome::kDone:
          stream_->disarm();
          co_return HeadRead::kDone;
        case http::RequestParser::Outcome::kRefused:
          stream_->disarm();
          co_return HeadRead::kRefused;
        case http::RequestParser::Outcome::kNeedMore:
          break;
      }
    }
    const auto end_idle = [&] {
      thread_.connection_works(*this);
      if (!begun) counters.waiting.fetch_sub(1, std::memory_order_relaxed);
    };
    if (!stream_->has(kReadable)) {
      if (stopping_ && requests_ > 0 && !begun) {
        end_idle();
        co_return HeadRead::kEnded;
      }
      // That the server stops is no news to a client that is about to say what it wants: it would be told again and
      // again.
      co_await signal_.until(kReadable | kLate | kGone | (begun ? 0u : std::uint32_t{kStopping}));
    }
    if (signal_.has(kLate) && !stream_->has(kReadable)) {
      end_idle();
      if (!begun) co_return HeadRead::kEnded;
      thread_.site().error_logs().line(Level::kInfo, "client timed out while reading the request head");
      co_return HeadRead::kLate;
    }
    if (signal_.has(kStopping) && (!begun || signal_.has(kGone)) && !stream_->has(kReadable)) {
      end_idle();
      co_return HeadRead::kEnded;
    }
    if (exchange_ == nullptr) exchange_ = thread_.exchanges(*listener_).take();
    if (!read_some(kReadBytes)) {
      end_idle();
      co_return begun ? HeadRead::kCut : HeadRead::kEnded;
    }
    if (begun || exchange_->in.empty()) continue;
    end_idle();
    begun = true;
    stream_->arm(head_time);
  }
}

// The preface of HTTP/2, or a part of it so far that is no method of HTTP/1 (RFC 9113 3.4).
bool Http1Connection::speaks_http2_in_plain() const {
  constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  return tls_ == nullptr && listener_->http2 && exchange_->in.view().starts_with(kPreface);
}

void Http1Connection::become_http2() {
  std::string early(exchange_ != nullptr ? exchange_->in.view() : std::string_view());
  stream_->detach();
  Http2Connection::adopt(thread_, *listener_, std::move(stream_), tls_, peer_, early);
  destroy();
}

// What is known when the head has been read: server and path. 0, or the status it is refused with.
int Http1Connection::prepare_request() {
  Request& request = *request_;
  const http::RequestHead& head = exchange_->head();
  exchange_->id = thread_.site().next_request_number();
  exchange_->used = head.head_bytes;
  request.method = head.method;
  request.method_name = exchange_->part(head.method_name);
  request.keep_alive = head.keep_alive && !stopping_;
  body_done_ = head.body == http::BodyKind::kNone || (head.body == http::BodyKind::kLength && head.content_length == 0);
  exchange_->progress.body_left = head.content_length;
  // Without a Host, as HTTP/1.0 allows, the server named "" or the default one answers.
  if (const std::string_view authority = exchange_->part(head.authority); !authority.empty()) {
    const auto host = conf::normal_host(authority);
    if (!host) return 400;
    request.host = *host;
  }
  if (!request.choose_server()) return 400;
  if (tls_ != nullptr) {
    if (const int refused = check_tls_client(request); refused != 0) return refused;
  } else if (listener_->tls) {
    return kPlainAtTls;
  }
  const std::string_view path = head.path.length > 0 ? exchange_->part(head.path) : "/";
  if (!path.starts_with('/')) return 400;
  const bool merges = request.server->settings.merge_slashes.value_or(true);
  auto normal = conf::normal_path(path, merges ? conf::Slashes::kMerged : conf::Slashes::kKept);
  if (!normal) return 400;
  request.uri = std::move(normal->path);
  if (head.has_query) request.args = exchange_->part(head.query);
  // It would show what only servers shall see.
  if (request.method == http::Method::kTrace) {
    request.site.error_logs().line(Level::kInfo, request, "client sent TRACE method");
    return 405;
  }
  return 0;
}

edge::Task Http1Connection::converse() {
  Site& site = thread_.site();
  bool lingers = false;
  if (listener_->proxy_protocol && !co_await read_proxy_header()) co_return destroy();
  if (listener_->tls && !co_await shake_hands()) co_return destroy();
  if (tls_ != nullptr && tls::speaks_http2(tls_->ssl())) co_return become_http2();
  for (;;) {
    reads_head_ = true;
    const HeadRead read = co_await read_head();
    reads_head_ = false;
    if (read == HeadRead::kEnded) co_return destroy();
    if (read == HeadRead::kHttp2) co_return become_http2();
    ++requests_;
    site.counters().requests.fetch_add(1, std::memory_order_relaxed);
    site.counters().writing.fetch_add(1, std::memory_order_relaxed);
    if (request_ == nullptr) request_ = site.requests().take(*this, signal_, *exchange_);
    Request& request = *request_;
    request.begin(*listener_);
    request.tls = tls_ != nullptr;
    exchange_->out.clear();
    exchange_->progress = {};
    if (read == HeadRead::kLate || read == HeadRead::kCut) {
      // Nobody is answered. A line that has come as a whole is known to logs.
      if (!request.raw_target().empty()) static_cast<void>(prepare_request());
      request.response.status = read == HeadRead::kLate ? 408 : 400;
      log_request();
      request.timed_out = read == HeadRead::kLate;
      reset_if_timed_out();
      site.counters().writing.fetch_sub(1, std::memory_order_relaxed);
      co_return destroy();
    }
    if (read == HeadRead::kRefused) {
      const http::HeadError error = exchange_->parser.error();
      const int status = http::status_of(error);
      // A line that was read before the trouble is known to pages and logs.
      if (!request.raw_target().empty()) static_cast<void>(prepare_request());
      request.refused = status == 431 ? kHeadTooLarge : status;
      request.keep_alive = false;
      request.body_discarded = true;
      body_done_ = true;
      site.error_logs().line(Level::kInfo, request,
                             fmt::format("client sent a bad request: {}", http::describe(error)));
    } else if (const int refused = prepare_request(); refused != 0) {
      request.refused = refused;
      request.keep_alive = false;
    }
    const int outcome = co_await serve(request);
    stream_->disarm();
    log_request();
    site.counters().writing.fetch_sub(1, std::memory_order_relaxed);
    if (request.timed_out) reset_if_timed_out();
    if (outcome == kClose || request.upgraded || signal_.has(kGone)) co_return destroy();
    if (!exchange_->progress.response_ended || held() > 0) {
      // What cannot be completed must not look complete. A reset takes with it what the client has not read yet.
      if (!exchange_->progress.has_end) os::reset_at_close(stream_->fd());
      co_return destroy();
    }
    const bool goes_on = request.keep_alive && !stopping_;
    if (!goes_on) {
      lingers = request.lingers && !ended_ &&
                (!body_done_ || !exchange_->in.view().substr(exchange_->used).empty() || stream_->has(kReadable) ||
                 read == HeadRead::kRefused);
      break;
    }
    if (!body_done_ && !co_await discard_body()) co_return destroy();
    exchange_->finish();
  }
  if (lingers) co_await linger();
  destroy();
}

// Nothing of it is kept in the kernel for a client that does not read.
void Http1Connection::reset_if_timed_out() {
  if (request_->timed_out && request_->settings->reset_timedout_connection.value_or(false))
    stream_->io().reset_at_close();
}

void Http1Connection::log_request() {
  Request& request = *request_;
  request.held_slots.clear();
  thread_.site().access_logs().add(request);
}

Client::Input Http1Connection::take_body(std::string_view* data) {
  edge::Exchange& exchange = *exchange_;
  for (;;) {
    if (body_done_) return Input::kEnd;
    const std::string_view arrived = exchange.in.view().substr(exchange.used);
    if (exchange.head().body == http::BodyKind::kLength) {
      if (!arrived.empty()) {
        const auto now =
            static_cast<std::size_t>(std::min<std::uint64_t>(arrived.size(), exchange_->progress.body_left));
        *data = arrived.substr(0, now);
        exchange.used += now;
        exchange_->progress.body_left -= now;
        body_done_ = exchange_->progress.body_left == 0;
        return Input::kData;
      }
    } else {
      const auto step = exchange_->progress.chunks.next(arrived);
      exchange.used += step.consumed;
      switch (step.outcome) {
        case http::ChunkedDecoder::Outcome::kData:
          *data = step.data;
          return Input::kData;
        case http::ChunkedDecoder::Outcome::kDone:
          body_done_ = true;
          return Input::kEnd;
        case http::ChunkedDecoder::Outcome::kRefused:
          return Input::kBad;
        case http::ChunkedDecoder::Outcome::kNeedMore:
          break;
      }
    }
    exchange.drop_stored_body();
    if (!stream_->has(kReadable)) return ended_ || signal_.has(kGone) ? Input::kGone : Input::kWait;
    if (!read_some(kReadBytes * 4)) return Input::kGone;
  }
}

void Http1Connection::say_continue(Request& request) {
  if (!exchange_->head().expect_continue || request.expect_said) return;
  request.expect_said = true;
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  static_cast<void>(stream_->io().send(kContinue.data(), kContinue.size()));
}

std::string_view Http1Connection::early_bytes() { return exchange_->in.view().substr(exchange_->used); }

Async<bool> Http1Connection::discard_body() {
  const auto patience = or_else(request_->settings->lingering_timeout, 5);
  for (;;) {
    std::string_view data;
    switch (take_body(&data)) {
      case Input::kData:
        break;
      case Input::kEnd:
        co_return true;
      case Input::kBad:
      case Input::kGone:
        co_return false;
      case Input::kWait:
        stream_->arm(patience);
        co_await signal_.until(kReadable | kLate | kGone | kStopping);
        if (!stream_->has(kReadable)) co_return false;
        stream_->disarm();
    }
  }
}

// A client that still sends gets to read our answer before the reset.
Async<void> Http1Connection::linger() {
  const conf::LocationSettings& settings = *request_->settings;
  if (settings.lingering_close == conf::LingeringClose::kOff) co_return;
  const auto until =
      loop_.now_ns() + static_cast<std::uint64_t>(or_else(settings.lingering_time, 30).count()) * 1'000'000;
  stream_->io().shutdown_writing();
  char dropped[16384];
  while (loop_.now_ns() < until && !signal_.has(kGone) && !thread_.stopping()) {
    if (!stream_->has(kReadable)) {
      stream_->arm(or_else(settings.lingering_timeout, 5));
      co_await signal_.until(kReadable | kLate | kGone | kStopping);
      if (!stream_->has(kReadable)) co_return;
    }
    const os::IoResult got = stream_->io().receive(dropped, sizeof dropped);
    if (got.outcome == os::Io::kClosed) co_return;
    if (got.bytes < sizeof dropped && !stream_->peer_ended() && !stream_->io().ended()) stream_->clear(kReadable);
  }
}

// --- the response ---

void Http1Connection::begin_response(Request& request, const Response& response, bool has_body) {
  edge::Buffer& out = exchange_->out;
  Http1Progress& progress = exchange_->progress;
  const auto line = [&out](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  char number[24];
  const auto digits = [&number](auto value) {
    return std::string_view(number, std::to_chars(number, number + sizeof number, value).ptr);
  };
  const std::string_view reason = response.reason.empty() ? status_words(response.status) : response.reason;
  const bool empty = response.status == 204 || response.status == 304;
  out.append("HTTP/1.1 ");
  if (response.status < 100) out.append(response.status < 10 ? "00" : "0");  // Of `return 000`.
  out.append(digits(response.status)).append(" ").append(reason).append("\r\n");
  // An upstream's may take their places, those of add_header stand beside them.
  const bool own = request.upstream.attempts.empty();
  if (own || response.fields.find("server") == FieldList::kNotFound) line("Server", product(*request.settings));
  if (own || response.fields.find("date") == FieldList::kNotFound) line("Date", loop_.http_date());
  if (!response.content_type.empty() && response.status != 204) {
    out.append("Content-Type: ").append(response.content_type);
    if (!response.charset.empty()) out.append("; charset=").append(response.charset);
    out.append("\r\n");
  }
  if (response.content_length >= 0 && response.status != 204) line("Content-Length", digits(response.content_length));
  // The time of an error page is not that of what was asked for.
  if (response.last_modified >= 0 && (response.status == 200 || response.status == 206 || response.status == 304)) {
    char date[http::kHttpDateBytes];
    http::format_http_date(response.last_modified, date);
    line("Last-Modified", {date, sizeof date});
  }
  if (!response.location.empty()) line("Location", response.location);
  progress.chunked = progress.trailers_begun = false;
  const bool upgraded = response.status == 101;
  if (has_body && !empty && response.content_length < 0 && !upgraded) {
    if (exchange_->head().minor_version >= 1 && request.settings->chunked_transfer_encoding.value_or(true) &&
        request.refused == 0) {
      progress.chunked = true;
      out.append("Transfer-Encoding: chunked\r\n");
    } else {
      request.keep_alive = false;
    }
  }
  progress.has_end = progress.chunked || response.content_length >= 0;
  if (upgraded) {
    out.append("Connection: upgrade\r\n");
  } else if (request.keep_alive && !stopping_) {
    out.append("Connection: keep-alive\r\n");
    const auto& timeout = request.settings->keepalive_timeout;
    if (timeout && timeout->in_header.count() > 0)
      out.append("Keep-Alive: timeout=").append(digits(timeout->in_header.count())).append("\r\n");
  } else {
    out.append("Connection: close\r\n");
  }
  if (!response.etag.empty()) line("ETag", response.etag);
  for (std::size_t i = 0; i < response.fields.size(); ++i) {
    if (!response.fields.name(i).empty()) line(response.fields.name(i), response.fields.value(i));
  }
  out.append("\r\n");
  progress.head_bytes = out.size();
  // Accepted connections have it; Nagle's delay is what somebody asks for.
  if (const bool delays = request.settings->tcp_nodelay == false; delays != delays_ && !peer_.is_unix) {
    delays_ = delays;
    const int value = delays ? 0 : 1;
    ::setsockopt(stream_->fd(), IPPROTO_TCP, TCP_NODELAY, &value, sizeof value);
  }
}

void Http1Connection::write(std::string_view bytes) {
  if (bytes.empty()) return;
  if (!exchange_->progress.chunked) {
    exchange_->out.append(bytes);
    return;
  }
  char size[20];
  const auto written = fmt::format_to_n(size, sizeof size, "{:x}\r\n", bytes.size());
  exchange_->out.append({size, written.size}).append(bytes).append("\r\n");
}

void Http1Connection::write_file(int file, std::uint64_t at, std::uint64_t bytes) {
  Http1Progress& progress = exchange_->progress;
  progress.file = file;
  progress.file_at = at;
  progress.file_left = bytes;
}

void Http1Connection::add_trailer(std::string_view name, std::string_view value) {
  if (!exchange_->progress.chunked) return;
  if (!std::exchange(exchange_->progress.trailers_begun, true)) exchange_->out.append("0\r\n");
  exchange_->out.append(name).append(": ").append(value).append("\r\n");
}

void Http1Connection::end_response() {
  if (exchange_->progress.chunked) exchange_->out.append(exchange_->progress.trailers_begun ? "\r\n" : "0\r\n\r\n");
  exchange_->progress.response_ended = true;
}

void Http1Connection::cut_response() { exchange_->progress.response_ended = false; }

Client::Flow Http1Connection::flush() {
  std::uint64_t went = 0;
  return flush(~std::uint64_t{0}, &went);
}

Client::Flow Http1Connection::flush(std::uint64_t most, std::uint64_t* went) {
  const Flow flow = send_pending(most, went);
  exchange_->progress.sent += *went;
  return flow;
}

Client::Flow Http1Connection::send_pending(std::uint64_t most, std::uint64_t* went) {
  edge::ClientStream& io = stream_->io();
  Http1Progress& progress = exchange_->progress;
  *went = 0;
  while (!exchange_->out.empty() && *went < most) {
    const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(exchange_->out.size(), most - *went));
    const os::IoResult sent = io.send(exchange_->out.data(), now, progress.file_left > 0);
    if (sent.outcome == os::Io::kClosed) return Flow::kGone;
    if (sent.outcome == os::Io::kWouldBlock) {
      stream_->clear(kWritable);
      return Flow::kBlocked;
    }
    exchange_->out.consume(sent.bytes);
    *went += sent.bytes;
    if (sent.bytes < now && !io.is_tls()) {
      stream_->clear(kWritable);
      return Flow::kBlocked;
    }
  }
  while (progress.file_left > 0 && *went < most) {
    const auto now = static_cast<std::size_t>(std::min({progress.file_left, most - *went, kFileTurn}));
    const os::IoResult sent = io.send_file(progress.file, &progress.file_at, now);
    if (sent.outcome == os::Io::kClosed) return Flow::kGone;
    if (sent.outcome == os::Io::kWouldBlock) {
      stream_->clear(kWritable);
      return Flow::kBlocked;
    }
    if (sent.bytes == 0) return Flow::kGone;  // The file became shorter: the announced length cannot be kept.
    progress.file_left -= sent.bytes;
    *went += sent.bytes;
    if (sent.bytes < now && !io.is_tls()) {
      stream_->clear(kWritable);
      return Flow::kBlocked;
    }
  }
  if (!io.is_tls()) return Flow::kDone;
  const os::IoResult rest = io.flush();
  if (rest.outcome == os::Io::kDone) return Flow::kDone;
  if (rest.outcome == os::Io::kClosed) return Flow::kGone;
  stream_->clear(kWritable);
  return Flow::kBlocked;
}

// --- before the first request ---

Async<bool> Http1Connection::read_proxy_header() {
  http::ProxyHeaderParser parser;
  exchange_ = thread_.exchanges(*listener_).take();
  stream_->arm(or_else(listener_->fallback->settings.client_header_timeout, 60));
  for (;;) {
    const auto outcome = parser.parse(exchange_->in.view());
    if (outcome == http::ProxyHeaderParser::Outcome::kDone) break;
    if (outcome == http::ProxyHeaderParser::Outcome::kRefused) {
      thread_.site().error_logs().line(Level::kError, "broken header while reading PROXY protocol");
      co_return false;
    }
    if (!stream_->has(kReadable)) {
      co_await signal_.until(kReadable | kLate | kGone | kStopping);
      if (!stream_->has(kReadable)) co_return false;
    }
    if (!read_some(kReadBytes)) co_return false;
  }
  stream_->disarm();
  const http::ProxySource& source = parser.source();
  if (source.named) {
    peer_.texts = std::make_shared<PeerTexts>(PeerTexts{
        .local_address = peer_.texts->local_address,
        .proxy_address = std::string(source.address, source.address_bytes),
        .proxy_server_address = std::string(source.server_address),
        .proxy_port = source.port,
        .proxy_server_port = source.server_port,
    });
  }
  exchange_->in.consume(parser.bytes());
  co_return true;
}

Async<bool> Http1Connection::shake_hands() {
  using Handshake = tls::Session::Handshake;
  stream_->arm(or_else(listener_->fallback->settings.client_header_timeout, 60));
  std::string early;
  if (exchange_ == nullptr || exchange_->in.empty()) {
    // One byte tells a TLS record from a request that was sent in plain, which prepare_request() answers.
    if (!stream_->has(kReadable)) {
      thread_.connection_rests(*this);
      co_await signal_.until(kReadable | kLate | kGone | kStopping);
      thread_.connection_works(*this);
      if (!stream_->has(kReadable)) co_return false;
    }
    char first = 0;
    if (::recv(stream_->fd(), &first, 1, MSG_PEEK) != 1) co_return false;
    early = first;
  } else {
    early = exchange_->in.view();
  }
  constexpr char kHandshakeRecord = 0x16;
  if (early.front() != kHandshakeRecord && (early.front() & 0x80) == 0) co_return true;
  if (exchange_ != nullptr) {
    exchange_->in.consume(early.size());
    thread_.exchanges(*listener_).give_back(std::move(exchange_));
  } else {
    early.clear();  // It has not been taken out of the socket.
  }
  tls::Arrival arrival = arrival_at(thread_.site(), *listener_);
  if (arrival.first == nullptr) co_return false;
  tls::Session& session = stream_->io().begin_tls(std::move(arrival), early);
  Handshake state = session.handshake();
  while (state == Handshake::kWaitRead || state == Handshake::kWaitWrite) {
    const std::uint32_t wanted = state == Handshake::kWaitRead ? kReadable : kWritable;
    if (stream_->peer_ended() && state == Handshake::kWaitRead) co_return false;
    stream_->clear(wanted);
    co_await signal_.until(wanted | kLate | kGone | kStopping);
    if (signal_.has(kLate | kGone | kStopping)) co_return false;
    state = session.handshake();
  }
  stream_->disarm();
  if (state == Handshake::kDone) {
    tls_ = &session;
    co_return true;
  }
  thread_.site().error_logs().line(Level::kInfo, fmt::format("SSL_do_handshake() failed ({})", session.trouble()));
  co_return false;
}

}  // namespace tierce::nginx
