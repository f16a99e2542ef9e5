#include "edge/edge_thread.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "edge/uwsgi_line.h"
#include "http/http_date.h"
#include "os/clock.h"

namespace tierce::edge {
namespace {

constexpr std::size_t kSpareExchanges = 256;
constexpr std::size_t kExchangeBufferKept = 16384;
constexpr int kAcceptsATurn = 64;
constexpr std::uint64_t kSeldomNs = 60'000'000'000;
// While workers hold requests they have not started, the loop looks at least this often whether they stall.
constexpr int kWatchMs = 4;

// Tags of poller events that are not connections (whose pointers are aligned).
constexpr std::uintptr_t kListenerTag = 1, kWakeupTag = 2, kControlTag = 3;
void* tag(std::uintptr_t kind, std::size_t index = 0) { return reinterpret_cast<void*>(index << 3 | kind); }

http::HeadLimits limits_of(const config::EdgeSettings& settings) {
  return {.request_line_bytes_max = settings.request_line_bytes_max,
          .field_bytes_max = settings.field_bytes_max,
          .fields_max = settings.fields_max,
          .head_bytes_max = settings.head_bytes_max,
          .underscores = settings.underscores};
}

}  // namespace

Result<std::unique_ptr<EdgeThread>> EdgeThread::create(Start start) {
  std::unique_ptr<EdgeThread> thread(new EdgeThread(std::move(start)));
  if (auto opened = thread->open(); !opened) return fail(std::move(opened).error());
  return thread;
}

EdgeThread::EdgeThread(Start start)
    : start_(std::move(start)),
      head_limits_(limits_of(*start_.settings)),
      variable_limits_{.bytes_max = start_.settings->variables_bytes_max},
      dispatcher_(*start_.settings, timers_, start_.reports),
      trusted_peers_(start_.settings->forwarded_allow_ips),
      proxies_(start_.settings->proxy_allow_from),
      last_request_id_(start_.id_base) {}

EdgeThread::~EdgeThread() = default;

Result<void> EdgeThread::open() {
  now_ns_ = os::monotonic_ns();
  wall_ = os::wall_seconds();
  timers_.advance(now_ns_);
  if (auto opened = open_access_log(); !opened) return opened;
  auto files = StaticFiles::create(start_.settings->files);
  if (!files) return fail(std::move(files).error().during("static files"));
  static_files_ = std::move(*files);
  auto routes = Routes::create(start_.settings->routes);
  if (!routes) return fail(std::move(routes).error().during("routes"));
  routes_ = std::move(*routes);
  if (start_.guest_log) return {};
  auto poller = os::Poller::create();
  if (!poller) return fail(std::move(poller).error());
  poller_ = std::move(*poller);
  if (auto added = poller_.add_source(start_.wakeup, tag(kWakeupTag)); !added) return added;
  if (start_.control != nullptr) {
    if (auto added = poller_.add_source(start_.control->fd(), tag(kControlTag)); !added) return added;
  }
  pause_accepting(false);
  return {};
}

Result<void> EdgeThread::open_access_log() {
  const config::EdgeSettings& settings = *start_.settings;
  const std::string_view given = settings.access_log_format;
  auto format = settings.uwsgi_line.used ? Result<AccessLogFormat>(uwsgi_format(settings.uwsgi_line))
                                         : AccessLogFormat::parse(given.empty() ? AccessLogFormat::kCombined : given);
  if (!format) return fail(std::move(format).error().during("the format of the access log"));
  if (start_.guest_log) {
    access_log_ = AccessLog::on_descriptor(std::move(*start_.guest_log), std::move(*format));
  } else {
    auto log = AccessLog::open(settings.access_log, std::move(*format));
    if (!log) return fail(std::move(log).error());
    access_log_ = std::move(*log);
  }
  std::vector<LineEncoder> encoders;
  for (const std::string& text : settings.uwsgi_line.encoders) {
    auto encoder = LineEncoder::parse(text);
    if (!encoder) return fail(std::move(encoder).error().during("log-encoder"));
    encoders.push_back(std::move(*encoder));
  }
  access_log_.encode_with(std::move(encoders));
  return {};
}

void EdgeThread::pause_accepting(bool pause) {
  if (accepting_ != pause) return;
  accepting_ = !pause;
  for (std::size_t i = 0; i < start_.listeners->size(); ++i) {
    const int fd = (*start_.listeners)[i].fd;
    if (pause) {
      poller_.remove(fd);
    } else if (auto added = poller_.add_source(fd, tag(kListenerTag, i), start_.settings->threads > 1); !added) {
      error_log().line(os::LogLevel::kError, added.error().text());
    }
  }
}

void EdgeThread::accept_from(std::size_t index) {
  const EdgeListener& from = (*start_.listeners)[index];
  for (int i = 0; i < kAcceptsATurn && accepting_; ++i) {
    if (connection_count_ >= start_.connections_max) {
      log_seldom("connections", os::LogLevel::kWarning,
                 fmt::format("{} connections are open, the most that are allowed: new ones wait "
                             "(raise the limit of open files)",
                             connection_count_));
      accept_trouble_ = true;
      return pause_accepting(true);
    }
    os::UniqueFd fd;
    os::Peer peer;
    switch (os::accept(from.fd, &fd, &peer)) {
      case os::Accepted::kOne:
        Connection::start(*this, std::move(fd), peer, static_cast<std::uint8_t>(index));
        break;
      case os::Accepted::kAgain:
        break;
      case os::Accepted::kNone:
        return;
      case os::Accepted::kNoDescriptors:
        // A level-triggered listener would spin: leave it alone for a moment.
        log_seldom("descriptors", os::LogLevel::kError, errno_error("accepting a connection (new ones wait)").text());
        accept_trouble_ = true;
        pause_accepting(true);
        timers_.arm(accept_again_, now_ns_ + 100'000'000, this, [](void* self) {
          auto* thread = static_cast<EdgeThread*>(self);
          thread->accept_trouble_ = false;
          if (!thread->stopping_) thread->pause_accepting(false);
        });
        return;
    }
  }
}

void EdgeThread::run() {
  const auto stopped = [this] { return stopping_ && (connections_ == nullptr || now_ns_ >= stop_deadline_ns_); };
  while (!end_now_ && !stopped()) turn();
  while (connections_ != nullptr) {
    // What is still here has outlived the grace: cut.
    Connection* first = connections_;
    first->stop(true);
    if (connections_ == first) break;  // It waits for something else; its descriptor dies with the process.
  }
  access_log_.flush();
}

// One turn: what the workers answered, what waits for a worker, then the sockets. All ready sockets are
// handled before the workers are woken, once; the loop sleeps only when a turn found nothing, and says so
// first, so that a worker that answers an edge that is awake makes no system call. Keep it so: a request
// then costs one recv, one send and its share of an epoll_wait.
void EdgeThread::turn() {
  begin_turn();
  int timeout = -1;
  hand_out(timeout);
  if (stopping_ && (timeout < 0 || timeout > 20)) timeout = 20;

  auto events = poller_.wait(0);
  if (events.empty()) {
    if (!dispatcher_.spin_for_answer() && dispatcher_.prepare_sleep()) {
      events = poller_.wait(timeout);
      dispatcher_.cancel_sleep();
    }
  }
  now_ns_ = os::monotonic_ns();
  wall_ = os::wall_seconds();

  bool control = false, wakeup = false;
  for (const epoll_event& event : events) {
    const auto value = reinterpret_cast<std::uintptr_t>(event.data.ptr);
    switch (value & 7) {
      case 0:
        static_cast<Connection*>(event.data.ptr)->on_poll(event.events);
        break;
      case kListenerTag:
        accept_from(value >> 3);
        break;
      case kWakeupTag:
        wakeup = true;
        break;
      case kControlTag:
        control = true;
        break;
      default:
        break;
    }
  }
  // After the sockets: these may end other connections, whose events could still be in the batch.
  if (wakeup) {
    os::drain_eventfd(start_.wakeup);
    run_posted();
  }
  if (control) read_control();
  timers_.advance(now_ns_);
  look_after_stalls();
}

void EdgeThread::hand_out(int& longest_ms) {
  dispatcher_.hand_out(now_ns_);
  dispatcher_.wake_workers();
  if (start_.waiting != nullptr) start_.waiting->store(dispatcher_.queued(), std::memory_order_relaxed);
  const auto at_most = [&longest_ms](int ms) {
    if (ms >= 0 && (longest_ms < 0 || longest_ms > ms)) longest_ms = ms;
  };
  at_most(timers_.wait_ms(now_ns_));
  if (access_log_.pending()) access_log_.flush_if_due(now_ns_);
  if (access_log_.pending()) at_most(100);
  if (dispatcher_.must_watch()) at_most(kWatchMs);
}

void EdgeThread::end_turn(std::uint64_t now_ns, std::time_t wall) {
  now_ns_ = now_ns;
  wall_ = wall;
  timers_.advance(now_ns_);
  look_after_stalls();
}

void EdgeThread::look_after_stalls() {
  if (now_ns_ < next_stall_check_ns_) return;
  next_stall_check_ns_ = now_ns_ + std::uint64_t{kWatchMs} * 1'000'000;
  if (dispatcher_.must_watch()) dispatcher_.check_stalls(now_ns_);
}

void EdgeThread::read_control() {
  for (;;) {
    gateway::ControlMessage message;
    std::vector<os::UniqueFd> descriptors;
    switch (start_.control->receive(&message, &descriptors)) {
      case os::MessageChannel::Received::kMessage:
        start_.on_control(message, std::move(descriptors));
        break;
      case os::MessageChannel::Received::kNothing:
        return;
      case os::MessageChannel::Received::kClosed:
        // The supervisor is gone: nobody would replace a worker or end us.
        end_now_ = true;
        return;
    }
  }
}

void EdgeThread::post(std::function<void(EdgeThread&)> f) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(f));
  }
  os::ring_eventfd(start_.wakeup);
}

void EdgeThread::run_posted() {
  std::vector<std::function<void(EdgeThread&)>> todo;
  {
    const std::lock_guard lock(posted_mutex_);
    todo.swap(posted_);
  }
  for (const auto& f : todo) f(*this);
}

void EdgeThread::stop(std::uint64_t grace_ms) {
  stop_deadline_ns_ = now_ns_ + grace_ms * 1'000'000;
  if (std::exchange(stopping_, true)) return;
  accept_again_.cancel();
  // What the kernel has already accepted for us is served: the clients were told that they are connected.
  for (std::size_t i = 0; i < start_.listeners->size(); ++i) accept_from(i);
  pause_accepting(true);
  for (Connection* connection = connections_; connection != nullptr;) {
    Connection* following = connection->next;
    connection->stop(false);
    connection = following;
  }
}

std::string_view EdgeThread::date() {
  if (date_of_ != wall_) {
    http::format_http_date(wall_, date_);
    date_of_ = wall_;
  }
  return {date_, sizeof date_};
}

bool EdgeThread::trusts(const os::Peer& peer, bool is_unix) const {
  return is_unix ? settings().forwarded_from_unix : trusted_peers_.contains({peer.address, peer.address_bytes});
}

bool EdgeThread::is_proxy(const os::Peer& peer, bool is_unix) const {
  return settings().proxy_protocol && (is_unix || proxies_.contains({peer.address, peer.address_bytes}));
}

Exchange* EdgeThread::take_exchange(ExchangeOwner* owner) {
  if (spare_.empty()) return new Exchange(head_limits_, variable_limits_);
  Exchange* exchange = spare_.back().release();
  spare_.pop_back();
  exchange->begin(owner);
  return exchange;
}

void EdgeThread::give_back(Exchange* exchange) {
  std::unique_ptr<Exchange> owned(exchange);
  if (spare_.size() >= kSpareExchanges) return;
  exchange->in.clear();
  exchange->in.shrink(kExchangeBufferKept);
  spare_.push_back(std::move(owned));
}

void EdgeThread::connection_began(Connection& connection) {
  connection.next = connections_;
  if (connections_ != nullptr) connections_->previous = &connection;
  connections_ = &connection;
  ++connection_count_;
}

void EdgeThread::connection_ended(Connection& connection) {
  (connection.previous != nullptr ? connection.previous->next : connections_) = connection.next;
  if (connection.next != nullptr) connection.next->previous = connection.previous;
  --connection_count_;
  if (accept_trouble_ && !accept_again_.armed() && !stopping_) {
    accept_trouble_ = false;
    pause_accepting(false);
  }
}

void EdgeThread::log_seldom(std::string_view key, os::LogLevel level, std::string_view text) {
  const auto found = std::find_if(seldom_.begin(), seldom_.end(), [&](const auto& item) { return item.first == key; });
  if (found != seldom_.end() && now_ns_ < found->second + kSeldomNs) return;
  if (found != seldom_.end()) {
    found->second = now_ns_;
  } else {
    seldom_.emplace_back(key, now_ns_);
  }
  error_log().line(level, text);
}

}  // namespace tierce::edge
