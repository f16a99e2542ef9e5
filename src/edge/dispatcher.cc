#include "edge/dispatcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "os/spin.h"

namespace tierce::edge {

using gateway::State;

namespace {

// How much waiting inside a worker is accepted for the sake of batches. Below it a queued request costs
// less latency than the wake-ups that avoiding it would take.
constexpr std::uint64_t kPrefetchWindowNs = 1'000'000;
// What waking a sleeping worker costs until it runs: a request is rather given to one that is awake
// when it would start there sooner.
constexpr std::uint64_t kWakeCostNs = 20'000;
// A worker that holds unstarted requests and has answered nothing for this long has stalled.
constexpr std::uint64_t kStallNs = 4'000'000;
constexpr std::uint64_t kSpinNs = 50'000;
constexpr std::uint32_t kLoneStreak = 32;
constexpr std::uint64_t kStealAfterNs = 200'000;

std::uint64_t ns(std::chrono::milliseconds time) { return static_cast<std::uint64_t>(time.count()) * 1'000'000u; }

}  // namespace

Dispatcher::Dispatcher(const config::EdgeSettings& settings, TimerWheel& timers, Reports reports)
    : settings_(settings), timers_(timers), reports_(std::move(reports)) {}

void Dispatcher::submit(Exchange& exchange, std::uint64_t now_ns) {
  exchange.queued_ns = now_ns;
  exchange.progress_ns = 0;
  if (trouble_ && !serving()) return exchange.end_with(Fate::kNoWorkers);
  // The short way, without the queue, when nobody waits and somebody has room.
  if (queued_ == 0) {
    WorkerLink* link = choose();
    if (link != nullptr && link->give(exchange, now_ns)) {
      watch_load(*link);
      return arm_deadline(exchange, now_ns);
    }
  }
  if (queued_ >= settings_.queue_limit) return exchange.end_with(Fate::kQueueFull);
  enqueue(exchange, false);
  arm_deadline(exchange, now_ns);
}

// Spinning is for the single client that waits for each answer; among many it would take the processor
// from those that have work.
void Dispatcher::watch_load(WorkerLink& link) {
  bool alone = link.outstanding() == 1;
  for (const auto& other : links_) alone = alone && (other.get() == &link || other->outstanding() == 0);
  lone_streak_ = alone ? std::min(lone_streak_ + 1, kLoneStreak) : 0;
  link.allow_spin(lone_streak_ == kLoneStreak);
}

void Dispatcher::enqueue(Exchange& exchange, bool front) {
  exchange.in_queue = true;
  ++queued_;
  Exchange*& end = front ? first_ : last_;
  Exchange* neighbour = end;
  exchange.queue_previous = front ? nullptr : neighbour;
  exchange.queue_next = front ? neighbour : nullptr;
  if (neighbour == nullptr) {
    first_ = last_ = &exchange;
    return;
  }
  (front ? neighbour->queue_previous : neighbour->queue_next) = &exchange;
  end = &exchange;
}

void Dispatcher::dequeue(Exchange& exchange) {
  if (!exchange.in_queue) return;
  exchange.in_queue = false;
  --queued_;
  (exchange.queue_previous != nullptr ? exchange.queue_previous->queue_next : first_) = exchange.queue_next;
  (exchange.queue_next != nullptr ? exchange.queue_next->queue_previous : last_) = exchange.queue_previous;
  exchange.queue_next = exchange.queue_previous = nullptr;
}

void Dispatcher::forget(Exchange& exchange) {
  dequeue(exchange);
  exchange.deadline.cancel();
  if (WorkerLink* link = exchange.link(); link != nullptr) {
    exchange.let_go();
    freed_ = true;
    if (link->draining || link->dead) to_sweep_ = true;
  }
}

WorkerLink* Dispatcher::choose() {
  WorkerLink* best = nullptr;
  WorkerLink* last_resort = nullptr;
  std::uint64_t best_cost = 0;
  for (const auto& link : links_) {
    if (link->draining || link->dead || link->refused || link->full()) continue;
    if (link->expected_wait_ns() > kPrefetchWindowNs) continue;
    if (link->stands_still) {
      if (link->may_stand_still()) {
        last_resort = link.get();
        continue;
      }
      link->stands_still = false;
    }
    // A request beyond the threads may not wait for one whose time is not known: see kUnknownServiceNs.
    // And its threads share an interpreter: one that is free runs when the others let it.
    const std::uint64_t cost = link->outstanding() != 0 ? link->load_ns() : link->asleep() ? kWakeCostNs : 0;
    if (best == nullptr || cost < best_cost || (cost == best_cost && link->outstanding() < best->outstanding())) {
      best = link.get();
      best_cost = cost;
    }
  }
  return best != nullptr ? best : last_resort;
}

void Dispatcher::collect() {
  for (const auto& owned : links_) {
    WorkerLink& link = *owned;
    if (link.dead) continue;
    link.mailbox().take_attention([&](std::uint32_t slot) {
      const bool answered =
          gateway::state_of(link.mailbox().slot(slot).word.load(std::memory_order_acquire)) == State::kAnswered;
      Exchange* exchange = link.holder(slot);
      if (exchange == nullptr) {
        link.collect(slot);
      } else {
        if (answered) link.note_answered(slot);
        exchange->notify();
      }
      if (answered) freed_ = true;
      if (answered && link.draining) to_sweep_ = true;
    });
  }
  if (to_sweep_) sweep();
}

void Dispatcher::hand_out(std::uint64_t now_ns) {
  if (std::exchange(refused_, false)) {
    for (const auto& link : links_) link->refused = false;
  }
  while (first_ != nullptr) {
    WorkerLink* link = choose();
    if (link == nullptr) break;
    Exchange& next = *first_;
    dequeue(next);
    if (link->give(next, now_ns)) continue;
    enqueue(next, true);
    link->refused = refused_ = true;  // Its ring is full of stale entries, say: the others are asked.
  }
  if (first_ == nullptr && freed_ && links_.size() > 1) steal_for_idle(now_ns);
  freed_ = false;
}

void Dispatcher::steal_for_idle(std::uint64_t now_ns) {
  for (const auto& idle : links_) {
    if (idle->draining || idle->dead || idle->outstanding() != 0) continue;
    WorkerLink* victim = nullptr;
    for (const auto& other : links_) {
      if (other->outstanding() > other->threads() && !other->dead &&
          (victim == nullptr || other->outstanding() > victim->outstanding())) {
        victim = other.get();
      }
    }
    if (victim == nullptr || victim->oldest_queued_ns(now_ns) < kStealAfterNs) return;
    for (Exchange* exchange : victim->recall((victim->outstanding() - victim->threads() + 1) / 2)) {
      if (!idle->give(*exchange, now_ns)) enqueue(*exchange, true);
    }
  }
}

bool Dispatcher::must_watch() const {
  if (refused_) return true;  // That there is room again is not announced.
  for (const auto& link : links_) {
    if (link->dead) continue;
    if (link->outstanding() > link->threads() || (links_.size() > 1 && link->may_stand_still())) return true;
  }
  return false;
}

void Dispatcher::check_stalls(std::uint64_t now_ns) {
  for (const auto& link : links_) {
    if (link->dead) continue;
    if (link->outstanding() <= link->threads()) {
      if (links_.size() > 1 && link->may_stand_still() && link->oldest_queued_ns(now_ns) >= kStallNs)
        take_from_still(*link);
      continue;
    }
    const bool progressed = link->answered_total != link->answered_at_last_check;
    link->answered_at_last_check = link->answered_total;
    const std::uint64_t age = link->oldest_queued_ns(now_ns);
    if (progressed || age < kStallNs) continue;
    // Its threads are in something slow. What waits in it waits in the common queue from now on.
    link->note_stalled(age);
    for (Exchange* exchange : link->recall(link->outstanding())) enqueue(*exchange, true);
  }
  hand_out(now_ns);
}

// A greenlet keeps the thread of all others for itself. What waits behind it starts sooner in another worker
// whose hub turns, if there is one.
void Dispatcher::take_from_still(WorkerLink& link) {
  link.stands_still = true;
  const bool others = std::any_of(links_.begin(), links_.end(), [](const auto& other) {
    return !other->dead && !other->draining && !other->stands_still && other->idle_thread();
  });
  if (!others) return;
  for (Exchange* exchange : link.recall(link.outstanding())) enqueue(*exchange, true);
}

// Its requests will not be answered any more, whether it is killed or comes to its senses. What it has
// not started runs elsewhere, when it is drained.
void Dispatcher::hang(std::uint32_t worker) {
  WorkerLink* link = find(worker);
  if (link == nullptr) return;
  std::vector<Exchange*> late;
  link->for_each_held([&](std::uint32_t index, Exchange& exchange) {
    const gateway::Slot& slot = link->mailbox().slot(index);
    const State state = gateway::state_of(slot.word.load(std::memory_order_acquire));
    if (state != State::kQueued && state != State::kAnswered) late.push_back(&exchange);
  });
  for (Exchange* exchange : late) exchange->end_with(Fate::kHangs);
}

void Dispatcher::wake_workers() {
  for (const auto& link : links_) link->wake();
}

bool Dispatcher::prepare_sleep() {
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (links_[i]->dead || links_[i]->mailbox().prepare_sleep()) continue;
    for (std::size_t j = 0; j < i; ++j) links_[j]->mailbox().cancel_sleep();
    return false;
  }
  return true;
}

bool Dispatcher::spin_for_answer() const {
  if (lone_streak_ < kLoneStreak || !os::spinning_helps()) return false;
  const WorkerLink* busy = nullptr;
  for (const auto& link : links_) {
    if (link->outstanding() == 0) continue;
    if (busy != nullptr || link->outstanding() > 1 || link->dead || link->service_ns() > kSpinNs) return false;
    busy = link.get();
  }
  return busy != nullptr && os::spin_until([busy] { return busy->mailbox().has_attention(); }, kSpinNs);
}

void Dispatcher::cancel_sleep() {
  for (const auto& link : links_) link->mailbox().cancel_sleep();
}

// --- deadlines ---

void Dispatcher::arm_deadline(Exchange& exchange, std::uint64_t now_ns) {
  std::uint64_t limit = ns(settings_.request_timeout);
  const std::uint64_t queue_limit = ns(settings_.queue_timeout);
  if (queue_limit != 0 && (limit == 0 || queue_limit < limit)) limit = queue_limit;
  if (limit == 0) return;
  exchange.dispatcher = this;
  timers_.arm(exchange.deadline, now_ns + limit, &exchange, on_deadline);
}

void Dispatcher::on_deadline(void* exchange) {
  auto& of = *static_cast<Exchange*>(exchange);
  of.dispatcher->deadline_passed(of);
}

void Dispatcher::deadline_passed(Exchange& exchange) {
  const std::uint64_t now = timers_.now_ns();
  const std::uint64_t queue_limit = ns(settings_.queue_timeout), limit = ns(settings_.request_timeout);
  WorkerLink* link = exchange.link();
  bool started = false;
  if (link != nullptr) {
    const State state = gateway::state_of(link->mailbox().slot(exchange.slot()).word.load(std::memory_order_acquire));
    if (state == State::kAnswered || link->dead) return;
    // What is neither queued nor answered is running, whatever else the worker has written there.
    started = state != State::kQueued;
  }
  if (!started) {  // Still waiting for a thread.
    if (queue_limit == 0 || now < exchange.queued_ns + queue_limit) {
      const std::uint64_t due = queue_limit == 0 ? now + 1'000'000'000 : exchange.queued_ns + queue_limit;
      return timers_.arm(exchange.deadline, due, &exchange, on_deadline);
    }
    if (link != nullptr) {
      if (!link->mailbox().recall(exchange.slot())) return timers_.arm(exchange.deadline, now, &exchange, on_deadline);
      link->note_recalled(exchange.slot());
    }
    dequeue(exchange);
    return exchange.end_with(Fate::kShed);
  }
  if (limit == 0) return;
  // A stream is late when the application has produced nothing for the whole time; waiting for a slow
  // client is not the application's fault.
  const gateway::Slot& slot = link->mailbox().slot(exchange.slot());
  const std::uint64_t produced = slot.produced.load(std::memory_order_acquire);
  if (produced != exchange.progress_seen || slot.producer_waits.load(std::memory_order_relaxed) != 0) {
    exchange.progress_seen = produced;
    exchange.progress_ns = now;
  }
  std::uint64_t since = std::min(slot.started_ns.load(std::memory_order_acquire), now);
  // Not stamped in the instant after it was won: counts as started when it was first seen so.
  if (since == 0 && exchange.progress_ns == 0) exchange.progress_ns = now;
  since = std::max(since, exchange.progress_ns);
  if (now < since + limit) return timers_.arm(exchange.deadline, since + limit, &exchange, on_deadline);
  reports_.timed_out(link->id(), slot.thread, exchange.id);
  exchange.end_with(Fate::kTimedOut);
}

// --- workers come and go ---

WorkerLink* Dispatcher::find(std::uint32_t worker) {
  for (const auto& link : links_) {
    if (link->id() == worker && !link->dead) return link.get();
  }
  return nullptr;
}

void Dispatcher::attach(std::unique_ptr<WorkerLink> link) {
  links_.push_back(std::move(link));
  freed_ = true;
}

void Dispatcher::drain(std::uint32_t worker) {
  WorkerLink* link = find(worker);
  if (link == nullptr) return reports_.drained(worker);
  link->draining = true;
  // What it has not started runs elsewhere at once.
  for (Exchange* exchange : link->recall(link->outstanding())) enqueue(*exchange, true);
  refuse_in_trouble();
  to_sweep_ = true;
}

void Dispatcher::bury(std::uint32_t worker, const std::string& why) {
  WorkerLink* link = find(worker);
  if (link == nullptr) return;
  // Answers that were complete before it died are delivered; their attention may not have been taken.
  collect();
  link->dead = true;
  std::vector<Exchange*> again, lost, finished;
  link->for_each_held([&](std::uint32_t index, Exchange& exchange) {
    const gateway::Slot& slot = link->mailbox().slot(index);
    const State state = gateway::state_of(slot.word.load(std::memory_order_acquire));
    constexpr std::uint32_t kWhole = gateway::kHeadReady | gateway::kBodyComplete;
    const bool whole = (slot.response_flags.load(std::memory_order_acquire) & kWhole) == kWhole;
    if (state == State::kQueued) {
      again.push_back(&exchange);
    } else if (state == State::kAnswered || whole) {
      finished.push_back(&exchange);
    } else {
      lost.push_back(&exchange);
    }
  });
  // The oldest ends up in front. (No std::views: clang 14, which builds the fuzz targets, cannot read libstdc++'s.)
  std::for_each(again.rbegin(), again.rend(), [this](Exchange* exchange) {
    exchange->let_go();
    enqueue(*exchange, true);
  });
  for (Exchange* exchange : lost) {
    reports_.log(os::LogLevel::kError, fmt::format("request {}: {}: worker (pid {}) {} while it ran this request",
                                                   exchange->id_text(), exchange->label(), link->pid(), why));
    exchange->end_with(Fate::kWorkerDied);
  }
  for (Exchange* exchange : finished) exchange->notify();
  refuse_in_trouble();
  to_sweep_ = true;
  freed_ = true;
}

void Dispatcher::set_trouble(bool trouble) {
  trouble_ = trouble;
  refuse_in_trouble();
}

bool Dispatcher::serving() const {
  return std::any_of(links_.begin(), links_.end(), [](const auto& link) { return !link->dead && !link->draining; });
}

// Nobody waits for a worker that will not come.
void Dispatcher::refuse_in_trouble() {
  if (!trouble_ || serving()) return;
  while (first_ != nullptr) {
    Exchange& exchange = *first_;
    dequeue(exchange);
    exchange.end_with(Fate::kNoWorkers);
  }
}

void Dispatcher::say_drained(WorkerLink& link) {
  if (link.drained_said) return;
  link.drained_said = true;
  reports_.drained(link.id());
}

void Dispatcher::sweep() {
  to_sweep_ = false;
  for (const auto& link : links_) {
    if (link->draining && !link->dead && link->held() == 0) say_drained(*link);
  }
  std::erase_if(links_, [](const auto& link) { return link->dead && link->held() == 0; });
}

}  // namespace tierce::edge
