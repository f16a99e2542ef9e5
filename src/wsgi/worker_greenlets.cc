// The worker whose requests run in greenlets. Its hub sleeps in its own loop, so it is woken through descriptors; one
// message of the edge is for all that has come since the hub has looked last.
#include <algorithm>

#include "os/clock.h"
#include "os/socket_io.h"
#include "wsgi/error_log.h"
#include "wsgi/greenlets.h"
#include "wsgi/request_runner.h"
#include "wsgi/uwsgi_api.h"
#include "wsgi/worker.h"
#include "wsgi/worker_limits.h"
#include "wsgi/worker_settings.h"

namespace tierce::wsgi {
namespace {

// As for threads: an answer waits for the end of its batch at most this long before the edge is woken.
constexpr std::uint64_t kSignalWithinNs = 300'000;

}  // namespace

std::vector<int> Worker::begin_hub() {
  threads_[0].store(::pthread_self());
  for (std::uint32_t place = settings().greenlets; place-- > 0;) hub_->places.push_back(place);
  std::vector<int> descriptors = {hub_->wakeup.get()};
  for (const auto& inbox : inboxes_) {
    inbox->hand_nudges_to(hub_->wakeup.get());
    descriptors.push_back(inbox->fd());
  }
  // The first turn announces the hub.
  os::ring_eventfd(hub_->wakeup.get());
  beat();
  return descriptors;
}

void Worker::beat() { beat_ns_.store(os::monotonic_ns()); }

int Worker::room_for() const {
  if (exiting()) return 0;
  std::uint32_t queued = 0;
  for (const EdgeLine& line : lines_) queued += line.mailbox.queued();
  return static_cast<int>(std::min(queued, settings().greenlets - hub_->begun));
}

int Worker::turn_hub(int descriptor) {
  bool open = true;
  os::drain_eventfd(hub_->wakeup.get());
  for (const auto& inbox : inboxes_) {
    if (!inbox->drain() && inbox->fd() == descriptor) open = false;
  }
  // Before looking: what comes from here on brings another message.
  gateway::Bell(region_.page()).announce_hub();
  if (std::uint64_t request = stack_wanted_.load(); request != 0) {
    wanted_stack_ = stack_of_request(request);
    stack_wanted_.compare_exchange_strong(request, 0);
  }
  resume_parked();
  if (!open) return -1;
  const int more = room_for();
  hub_->begun += static_cast<std::uint32_t>(more);
  return more;
}

// The slot is taken here and not where the greenlet is spawned: until the application begins, the edge can
// have the request back.
int Worker::run_greenlet() {
  const std::uint64_t now = os::monotonic_ns();
  for (EdgeLine& line : lines_) {
    if (exiting()) break;
    const std::uint32_t place = hub_->places.back();
    const auto index = line.mailbox.take(place, now);
    if (!index) continue;
    hub_->places.pop_back();
    {
      const auto call =
          std::make_unique<Call>(Call{.line = &line, .index = *index, .slot = &line.mailbox.slot(*index)});
      const bool counted = has_card();
      if (counted) begin_counted(place, *call);
      give_call_to_greenlet(*call);
      run_request(*call);
      const std::uint64_t answered = os::monotonic_ns();
      if (counted) end_counted(place, *call, answered - now);
      line.mailbox.answer(*index, answered);
      line.mailbox.signal_quietly(*index);
      note_answer(line, answered);
      take_call_from_greenlet();
      if (counted) after_answer(*call);
      count_request(answered);
      if (settings().reaper) reap_children();
    }
    hub_->places.push_back(place);
    break;
  }
  --hub_->begun;
  const int more = std::min(1, room_for());
  hub_->begun += static_cast<std::uint32_t>(more);
  return more;
}

// A lone answer goes out now, those of a batch together.
void Worker::note_answer(const EdgeLine& line, std::uint64_t now_ns) {
  if (hub_->begun == 1) {
    if (line.mailbox.edge_sleeps()) os::ring_eventfd(line.wakeup);
    return;
  }
  if (hub_->unsignalled_since == 0) {
    hub_->unsignalled_since = now_ns;
    flush_hub_later();
  } else if (now_ns - hub_->unsignalled_since > kSignalWithinNs) {
    flush_signals();
  }
}

void Worker::flush_hub() {
  hub_->unsignalled_since = 0;
  flush_signals();
}

}  // namespace tierce::wsgi
