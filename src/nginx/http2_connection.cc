#include "nginx/http2_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "nginx/error_logs.h"
#include "nginx/http2_stream.h"

namespace tierce::nginx {
namespace {

// What is composed before it is sent: with more, a client that does not read would cost memory.
constexpr std::size_t kOutputBytes = 65536;
// A client whose request was answered before its body had come has so long to send the rest of a small one.
constexpr std::chrono::milliseconds kUnreadTime{500};
// One that was told to go, and has nothing under way but maybe the half of a head, goes after this.
constexpr std::chrono::milliseconds kGoneTime{500};

http2::Limits limits_of(const conf::Listener& listener) {
  http2::Limits limits;
  const conf::ServerSettings& settings = listener.fallback->settings;
  limits.streams_max = static_cast<std::uint32_t>(settings.http2_max_concurrent_streams.value_or(128));
  if (settings.large_client_header_buffers)
    limits.head_bytes_max = static_cast<std::size_t>(settings.large_client_header_buffers->count *
                                                     settings.large_client_header_buffers->bytes);
  return limits;
}

}  // namespace

void Http2Connection::adopt(ServerThread& thread, const conf::Listener& listener, std::unique_ptr<Stream> stream,
                            tls::Session* tls, const Peer& peer, std::string_view early) {
  auto* connection = new Http2Connection(thread, listener, std::move(stream), tls, peer);
  connection->converse(std::string(early));
}

Http2Connection::Http2Connection(ServerThread& thread, const conf::Listener& listener, std::unique_ptr<Stream> stream,
                                 tls::Session* tls, const Peer& peer)
    : thread_(thread),
      loop_(thread.loop()),
      listener_(listener),
      stream_(std::move(stream)),
      tls_(tls),
      peer_(peer),
      limits_(limits_of(listener)),
      session_(*this, limits_) {
  stream_->attach(&signal_, 0);
  thread_.connection_began(*this);
}

Http2Connection::~Http2Connection() {
  *alive_ = false;
  thread_.connection_ended(*this);
  bury(loop_, std::move(stream_));
}

void Http2Connection::stop(bool at_once) {
  stopping_ = true;
  signal_.raise(at_once ? kStopping | kGone : std::uint32_t{kStopping});
}

bool Http2Connection::is_incomplete() const {
  for (const Http2Stream* each = streams_; each != nullptr; each = each->next) {
    if (each->is_whole()) return false;
  }
  return true;
}

void Http2Connection::wants_output() {
  if (std::exchange(output_asked_, true)) return;
  loop_.soon([this, alive = alive_] {
    if (!*alive) return;
    output_asked_ = false;
    signal_.raise(kProgress);
  });
}

// False: the client has ended the connection, or has broken its rules.
bool Http2Connection::read() {
  char bytes[16384];
  const os::IoResult got = stream_->io().receive(bytes, sizeof bytes);
  if (got.outcome == os::Io::kClosed) return false;
  if (got.bytes < sizeof bytes && !stream_->peer_ended() && !stream_->io().ended()) stream_->clear(kReadable);
  return got.bytes == 0 || session_.feed({bytes, got.bytes});
}

Http2Connection::Sent Http2Connection::send() {
  for (;;) {
    if (out_sent_ == out_.size()) {
      out_.clear();
      out_sent_ = 0;
      if (session_.take_output(out_, kOutputBytes) == 0) break;
    }
    const os::IoResult sent = stream_->io().send(out_.data() + out_sent_, out_.size() - out_sent_);
    if (sent.outcome == os::Io::kClosed) return Sent::kGone;
    if (sent.outcome == os::Io::kWouldBlock || sent.bytes == 0) {
      stream_->clear(kWritable);
      return Sent::kBlocked;
    }
    out_sent_ += sent.bytes;
    sent_bytes_ += sent.bytes;
  }
  const os::IoResult rest = stream_->io().flush();
  if (rest.outcome == os::Io::kDone) return Sent::kAll;
  stream_->clear(kWritable);
  return rest.outcome == os::Io::kClosed ? Sent::kGone : Sent::kBlocked;
}

edge::Task Http2Connection::converse(std::string early) {
  const conf::LocationSettings& settings = listener_.fallback->root.settings;
  const auto idle = settings.keepalive_timeout ? settings.keepalive_timeout->time : std::chrono::milliseconds(75'000);
  const auto send_time = settings.send_timeout.value_or(std::chrono::seconds(60));
  const auto head_time = listener_.fallback->settings.client_header_timeout.value_or(std::chrono::seconds(60));
  bool reads = early.empty() || session_.feed(early);
  bool shutdown_said = false;
  struct Waiting {
    enum class For : std::uint8_t { kNothing, kRoom, kRequest, kBody, kEnd };
    For what = For::kNothing;
    std::uint64_t since = 0;  // A count that changes with what it waits for.
    bool operator==(const Waiting&) const = default;
  } waiting;
  for (;;) {
    while (reads && stream_->has(kReadable)) reads = read();
    signal_.clear(kProgress);
    const Sent sent = send();
    tell_drained();
    if (sent == Sent::kGone || signal_.has(kGone)) break;
    if (sent == Sent::kAll && (session_.is_finished() || !reads)) break;
    if (stopping_ && !shutdown_said) {
      shutdown_said = true;
      session_.begin_shutdown();
      session_.finish_shutdown();
      continue;
    }
    if (signal_.has(kProgress)) continue;  // A stream has said more meanwhile.
    std::uint32_t events = kGone | kProgress | kLate;
    if (reads) events |= kReadable;
    if (sent == Sent::kBlocked) events |= kWritable;
    if (!shutdown_said) events |= kStopping;
    const bool is_idle = session_.streams() == 0;
    const bool has_unread = session_.unread_bodies() > 0;
    if (is_idle) {
      thread_.connection_rests(*this);
    } else {
      thread_.connection_works(*this);
    }
    // From when on it waits for what it waits for: frames that bring nothing of it, a PING or a part of a head, put
    // nothing off.
    const Waiting now = sent == Sent::kBlocked ? Waiting{Waiting::For::kRoom, sent_bytes_}
                        : is_idle
                            ? Waiting{shutdown_said ? Waiting::For::kEnd : Waiting::For::kRequest, session_.requests()}
                        : has_unread ? Waiting{Waiting::For::kBody, session_.unread_bodies()}
                                     : Waiting{};
    if (now != waiting) {
      waiting = now;
      if (now.what == Waiting::For::kNothing) {
        stream_->disarm();
      } else {
        stream_->arm(now.what == Waiting::For::kRoom   ? send_time
                     : now.what == Waiting::For::kEnd  ? kGoneTime
                     : now.what == Waiting::For::kBody ? kUnreadTime
                     : session_.requests() == 0        ? head_time
                                                       : idle);
      }
    }
    co_await signal_.until(events);
    // Of what was not waited for nothing is news: a socket that takes bytes says so until it does not.
    if (!signal_.has(kLate) || signal_.has(events & (kReadable | kWritable | kProgress))) continue;
    if (sent != Sent::kBlocked && is_idle && !shutdown_said) {
      stopping_ = true;  // It is told so.
      continue;
    }
    if (sent == Sent::kBlocked || !has_unread) break;
    session_.stop_unread_bodies();
  }
  if (!session_.why().empty())
    thread_.site().error_logs().line(Level::kInfo,
                                     fmt::format("http2: {} (client: {})", session_.why(),
                                                 std::string_view(peer_.remote.address, peer_.remote.address_bytes)));
  // The requests that are left have nobody to answer. Those that end in this loop are none of the session's any more.
  while (streams_ != nullptr) {
    Http2Stream& stream = *streams_;
    unlink(stream);
    stream.end(http2::Ending::kResetByClient);
  }
  if (waiting_for_ == 0) {
    delete this;
  } else {
    over_ = true;
  }
}

void Http2Connection::on_request(http2::StreamId id, const http2::HeaderList& head, bool body_follows) {
  Http2Stream::start(*this, id, head, body_follows);
}

void Http2Connection::on_body(http2::StreamId id, std::string_view data) {
  if (auto* stream = static_cast<Http2Stream*>(session_.context(id))) stream->add_body(data);
}

void Http2Connection::on_body_end(http2::StreamId id) {
  if (auto* stream = static_cast<Http2Stream*>(session_.context(id))) stream->end_body();
}

void Http2Connection::on_end(http2::StreamId id, http2::Ending ending) {
  auto* stream = static_cast<Http2Stream*>(session_.context(id));
  if (stream == nullptr) return;
  session_.set_context(id, nullptr);
  unlink(*stream);
  stream->end(ending);
}

void Http2Connection::stream_began(Http2Stream& stream) {
  stream.next = streams_;
  if (streams_ != nullptr) streams_->previous = &stream;
  streams_ = &stream;
  ++waiting_for_;
}

void Http2Connection::unlink(Http2Stream& stream) {
  (stream.previous != nullptr ? stream.previous->next : streams_) = stream.next;
  if (stream.next != nullptr) stream.next->previous = stream.previous;
  stream.next = stream.previous = nullptr;
}

void Http2Connection::stream_drained(Http2Stream& stream) {
  if (std::exchange(stream.drained_said, true)) return;
  drained_.push_back(&stream);
}

// A stream's coroutine goes on in here: it may write more, end, and free others' places in the list.
void Http2Connection::tell_drained() {
  for (std::size_t i = 0; i < drained_.size(); ++i) {  // NOLINT(modernize-loop-convert): it grows.
    Http2Stream* stream = std::exchange(drained_[i], nullptr);
    if (stream == nullptr) continue;
    stream->drained_said = false;
    stream->drained();
  }
  drained_.clear();
}

// A request may outlive its connection, when it waits for something that does not hear of the client: then the last one
// frees both.
void Http2Connection::stream_freed(Http2Stream& stream) {
  if (stream.drained_said) std::replace(drained_.begin(), drained_.end(), &stream, static_cast<Http2Stream*>(nullptr));
  --waiting_for_;
  if (!over_ || waiting_for_ > 0) return;
  loop_.soon([this] { delete this; });
  over_ = false;
}

}  // namespace tierce::nginx
