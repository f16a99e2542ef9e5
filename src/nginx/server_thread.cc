#include "nginx/server_thread.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "nginx/access_logs.h"
#include "nginx/error_logs.h"
#include "nginx/http1_connection.h"
#include "nginx/local_apps.h"
#include "nginx/system_error.h"
#include "os/socket_io.h"

namespace tierce::nginx {
namespace {

constexpr int kAcceptsATurn = 64;
constexpr std::uint64_t kSayAgainMs = 60'000;
// nginx: with a sixteenth left idle connections make room for others, so many of them at a time.
constexpr std::uint32_t kReserve = 16;
constexpr std::uint32_t kReusedAtOnce = 32;
// When the whole chain ends: how long a client may take to say what it wants. nginx itself gives it
// client_header_timeout on QUIT, and nothing on TERM; a container's stop is in between.
constexpr std::uint64_t kIncompleteNs = 2'000'000'000;
constexpr std::uint64_t kCutAgainNs = 500'000'000;
constexpr std::uint64_t kAcceptAgainNs = 500'000'000;  // nginx: accept_mutex_delay.

// Somebody waits to be accepted.
bool is_readable(int fd) {
  pollfd asked{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&asked, 1, 0) > 0;
}

http::HeadLimits limits_of(const conf::ServerSettings& settings) {
  http::HeadLimits limits;
  if (settings.large_client_header_buffers) {
    const auto bytes = static_cast<std::uint32_t>(settings.large_client_header_buffers->bytes);
    limits.request_line_bytes_max = limits.field_bytes_max = bytes;
    limits.head_bytes_max = bytes * static_cast<std::uint32_t>(settings.large_client_header_buffers->count);
  }
  // The first buffer, where it is larger than those for long lines.
  const std::int64_t first = settings.client_header_buffer_size ? settings.client_header_buffer_size->bytes : 0;
  if (first > limits.request_line_bytes_max) {
    limits.request_line_bytes_max = limits.field_bytes_max = static_cast<std::uint32_t>(first);
    limits.head_bytes_max += static_cast<std::uint32_t>(first);
  }
  limits.fields_max = http::kHeaderFieldsMax;
  limits.underscores = settings.underscores_in_headers.value_or(false);
  limits.plain_names = settings.ignore_invalid_headers.value_or(true);
  return limits;
}

}  // namespace

class ServerThread::Acceptor final : public Watcher {
 public:
  Acceptor(ServerThread& thread, const ListenPoint& at, const conf::Listener& named)
      : point(at), listener(named), thread_(thread) {}
  void on_poll(std::uint32_t) override { thread_.accept_from(*this); }
  const ListenPoint& point;
  const conf::Listener& listener;

 private:
  ServerThread& thread_;
};

ServerThread::ServerThread(Start start)
    : site_(std::make_unique<Site>(loop_, std::move(start.model), std::move(start.place))),
      points_(std::move(start.points)),
      connections_max_(start.connections_max),
      threads_(start.threads),
      accepts_no_more_(std::move(start.accepts_no_more)) {}

ServerThread::~ServerThread() = default;

Result<std::unique_ptr<ServerThread>> ServerThread::create(Start start) {
  std::unique_ptr<ServerThread> thread(new ServerThread(std::move(start)));
  if (auto opened = thread->open(); !opened) return fail(std::move(opened).error());
  return thread;
}

Result<void> ServerThread::open() {
  if (auto opened = loop_.open(); !opened) return opened;
  if (auto opened = site_->open(); !opened) return opened;
  for (const ListenPoint& point : points_) {
    for (const conf::Listener& listener : site_->model().listeners) {
      if (listener.address.text() != point.address.text()) continue;
      acceptors_.push_back(std::make_unique<Acceptor>(*this, point, listener));
      break;
    }
  }
  pause_accepting(false);
  site_->local_apps().when_ending([this] { look_at_end(); });
  return {};
}

ExchangePool& ServerThread::exchanges(const conf::Listener& listener) {
  auto& pool = pools_[&listener];
  if (pool == nullptr) pool = std::make_unique<ExchangePool>(limits_of(listener.fallback->settings));
  return *pool;
}

std::shared_ptr<const PeerTexts> ServerThread::texts(const conf::Listener& listener, std::string_view local_address) {
  auto& latest = texts_[&listener];
  if (latest == nullptr || latest->local_address != local_address)
    latest = std::make_shared<PeerTexts>(PeerTexts{.local_address = std::string(local_address)});
  return latest;
}

void ServerThread::pause_accepting(bool pause) {
  if (accepting_ != pause) return;
  accepting_ = !pause;
  for (const auto& acceptor : acceptors_) {
    if (pause) {
      loop_.poller().remove(acceptor->point.fd);
    } else if (auto added =
                   loop_.poller().add_source(acceptor->point.fd, static_cast<Watcher*>(acceptor.get()), threads_ > 1);
               !added) {
      site_->error_logs().line(Level::kAlert, added.error().text());
    }
  }
}

void ServerThread::accept_from(Acceptor& acceptor) {
  for (int i = 0; i < kAcceptsATurn && accepting_; ++i) {
    if (count_ >= connections_max_) {
      if (!is_readable(acceptor.point.fd)) return;
      make_room();
    }
    if (count_ >= connections_max_) {
      say_full(said_full_ms_, Level::kAlert, "new connections wait");
      full_ = true;
      return pause_accepting(true);
    }
    os::UniqueFd fd;
    os::Peer peer;
    switch (os::accept(acceptor.point.fd, &fd, &peer)) {
      case os::Accepted::kOne:
        if (count_ + connections_max_ / kReserve >= connections_max_) make_room();
        Http1Connection::start(*this, acceptor.listener, std::move(fd), peer);
        break;
      case os::Accepted::kAgain:
        break;
      case os::Accepted::kNone:
        return;
      case os::Accepted::kNoDescriptors:
        // A listener that stays readable would keep the loop turning: it is left alone for a moment.
        site_->error_logs().line(Level::kCrit, system_error("accept4() failed (new connections wait)").text());
        full_ = true;
        pause_accepting(true);
        loop_.timers().arm(accept_again_, loop_.now_ns() + kAcceptAgainNs, this, [](void* self) {
          auto* thread = static_cast<ServerThread*>(self);
          thread->full_ = false;
          if (!thread->stopping_) thread->pause_accepting(false);
        });
        return;
    }
  }
}

// A part of those that have been idle longest, as nginx does it: their clients connect again, who comes has nowhere
// else.
void ServerThread::make_room() {
  if (idle_ == 0) return;
  say_full(said_reused_ms_, Level::kWarn, "reusing connections");
  std::uint32_t left = std::clamp(idle_ / 8, 1u, kReusedAtOnce);
  for (ThreadConnection* each = last_; each != nullptr && left > 0;) {
    ThreadConnection* following = each->previous;
    if (each->is_idle()) {
      --left;
      each->make_room();
    }
    each = following;
  }
}

void ServerThread::say_full(std::uint64_t& said_ms, Level level, std::string_view what) {
  if (loop_.now_ms() < said_ms) return;
  said_ms = loop_.now_ms() + kSayAgainMs;
  site_->error_logs().line(level, fmt::format("{} worker_connections are not enough, {}", connections_max_, what));
}

void ServerThread::link(ThreadConnection& connection) {
  connection.previous = nullptr;
  connection.next = connections_;
  (connections_ != nullptr ? connections_->previous : last_) = &connection;
  connections_ = &connection;
}

void ServerThread::unlink(ThreadConnection& connection) {
  (connection.previous != nullptr ? connection.previous->next : connections_) = connection.next;
  (connection.next != nullptr ? connection.next->previous : last_) = connection.previous;
}

void ServerThread::connection_rests(ThreadConnection& connection) {
  if (std::exchange(connection.rests, true)) return;
  ++idle_;
  if (stopping_) return;  // The list is being gone through.
  if (connections_ != &connection) {
    unlink(connection);
    link(connection);
  }
  accept_again_if_full();
}

void ServerThread::connection_began(ThreadConnection& connection) {
  link(connection);
  ++count_;
  Counters& counters = site_->counters();
  counters.accepted.fetch_add(1, std::memory_order_relaxed);
  counters.handled.fetch_add(1, std::memory_order_relaxed);
  counters.active.fetch_add(1, std::memory_order_relaxed);
}

void ServerThread::connection_ended(ThreadConnection& connection) {
  connection_works(connection);
  unlink(connection);
  --count_;
  site_->counters().active.fetch_sub(1, std::memory_order_relaxed);
  accept_again_if_full();
}

void ServerThread::accept_again_if_full() {
  if (!full_ || accept_again_.armed() || stopping_) return;
  full_ = false;
  pause_accepting(false);
}

void ServerThread::run() {
  constexpr int kWhileStoppingMs = 50;
  constexpr int kLogsMs = 100;
  while (!end_now_) {
    if (stopping_ && (connections_ == nullptr || (stop_by_ns_ != 0 && loop_.now_ns() >= stop_by_ns_))) break;
    loop_.turn(stopping_ ? kWhileStoppingMs : site_->access_logs().pending() ? kLogsMs : -1);
    site_->access_logs().flush_turn();
  }
  while (connections_ != nullptr) {
    ThreadConnection* first = connections_;
    first->stop(true);
    if (connections_ == first) break;  // It dies with the process.
  }
  site_->access_logs().flush_all();
}

void ServerThread::stop(bool at_once, std::uint64_t grace_ms) {
  loop_.post([this, at_once, grace_ms] { begin_stop(at_once, grace_ms); });
}

void ServerThread::begin_stop(bool at_once, std::uint64_t grace_ms) {
  if (at_once) {
    end_now_ = true;
    return;
  }
  if (grace_ms > 0) stop_by_ns_ = loop_.now_ns() + grace_ms * 1'000'000;
  if (std::exchange(stopping_, true)) return;
  accept_again_.cancel();
  // Who has connected was told that somebody is there.
  for (const auto& acceptor : acceptors_) accept_from(*acceptor);
  pause_accepting(true);
  if (accepts_no_more_) accepts_no_more_();
  for (ThreadConnection* each = connections_; each != nullptr;) {
    ThreadConnection* following = each->next;
    each->stop(false);
    each = following;
  }
  look_at_end();
}

void ServerThread::look_at_end() {
  if (!stopping_ || !site_->local_apps().ending() || cut_.armed()) return;
  cut_later(kIncompleteNs);
}

void ServerThread::cut_later(std::uint64_t after_ns) {
  loop_.timers().arm(cut_, loop_.now_ns() + after_ns, this,
                     [](void* self) { static_cast<ServerThread*>(self)->cut_incomplete(); });
}

void ServerThread::cut_incomplete() {
  for (ThreadConnection* each = connections_; each != nullptr;) {
    ThreadConnection* following = each->next;
    if (each->is_incomplete()) each->stop(true);
    each = following;
  }
  // Of several requests on one connection the whole ones end first.
  if (connections_ != nullptr) cut_later(kCutAgainNs);
}

}  // namespace tierce::nginx
