#include "nginx/loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "http/http_date.h"
#include "os/clock.h"
#include "os/socket_io.h"

namespace tierce::nginx {

Loop::~Loop() {
  if (wakeup_ >= 0) ::close(wakeup_);
}

Result<void> Loop::open() {
  auto poller = os::Poller::create();
  if (!poller) return fail(std::move(poller).error());
  poller_ = std::move(*poller);
  wakeup_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wakeup_ < 0) return fail(errno_error("eventfd"));
  read_clocks();
  timers_.advance(now_ns_);
  return poller_.add_source(wakeup_, nullptr);
}

void Loop::read_clocks() {
  now_ns_ = os::monotonic_ns();
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  wall_ = now.tv_sec;
  wall_ms_ = static_cast<std::uint64_t>(now.tv_sec) * 1000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

// One epoll_wait a turn; all that is ready is worked off before the next. Keep it so: a request on a kept connection
// then costs one recv, one send and its share of an epoll_wait.
void Loop::turn(int longest_ms) {
  const auto events = guest_ == nullptr ? wait(longest_ms) : wait_with_guest(longest_ms);
  read_clocks();
  bool posted = false;
  for (const epoll_event& event : events) {
    if (event.data.ptr == nullptr) {
      posted = true;
    } else {
      static_cast<Watcher*>(event.data.ptr)->on_poll(event.events);
    }
  }
  if (posted) run_posted();
  timers_.advance(now_ns_);
  if (guest_ != nullptr) guest_->tick();
  run_soon();
  buried_.clear();
}

std::span<const epoll_event> Loop::wait(int longest_ms) {
  int timeout = timers_.wait_ms(now_ns_);
  if (longest_ms >= 0 && (timeout < 0 || timeout > longest_ms)) timeout = longest_ms;
  if (!soon_.empty()) timeout = 0;
  return poller_.wait(timeout);
}

// The guest's others are woken once for all that a turn has for them, and told before the loop sleeps, so that who
// answers a loop that is awake makes no system call.
std::span<const epoll_event> Loop::wait_with_guest(int longest_ms) {
  guest_->collect();
  pairs_.run();
  guest_->hand_out(longest_ms);
  // What ended a pair has not been told yet.
  if (!pairs_.empty() || !soon_.empty()) longest_ms = 0;
  if (longest_ms == 0) return poller_.wait(0);
  const auto events = poller_.wait(0);
  if (!events.empty() || guest_->spin() || !guest_->prepare_sleep()) return events;
  const auto later = wait(longest_ms);
  guest_->cancel_sleep();
  return later;
}

// What they ask for soon is done in the same turn, but not for ever: the rest keeps the next wait short.
void Loop::run_soon() {
  constexpr int kRounds = 16;
  pairs_.run();
  for (int i = 0; i < kRounds && !soon_.empty(); ++i) {
    std::vector<std::function<void()>> work;
    work.swap(soon_);
    for (const auto& f : work) f();
  }
}

void Loop::post(std::function<void()> f) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(f));
  }
  wake();
}

void Loop::wake() const { os::ring_eventfd(wakeup_); }

void Loop::run_posted() {
  os::drain_eventfd(wakeup_);
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(posted_mutex_);
    work.swap(posted_);
  }
  for (const auto& f : work) f();
}

std::string_view Loop::http_date() {
  if (date_of_ != wall_) {
    http::format_http_date(wall_, date_);
    date_of_ = wall_;
  }
  return {date_, sizeof date_};
}

}  // namespace tierce::nginx
