#include "edge/worker_link.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "edge/exchange.h"

namespace tierce::edge {

using gateway::State;

namespace {
// Until a worker has shown how fast it is, it is given no more than its threads can run.
constexpr std::uint64_t kUnknownServiceNs = 1'000'000'000;
// An hour, so that no product of it overflows, whatever times a worker writes.
constexpr std::uint64_t kServiceMaxNs = 3'600'000'000'000;
}  // namespace

WorkerLink::WorkerLink(std::uint32_t id, std::int32_t pid, std::uint32_t threads,
                       std::shared_ptr<gateway::Region> region, std::uint32_t edge_thread,
                       os::MessageChannel descriptors, RunsIn runs_in)
    : id_(id),
      pid_(pid),
      threads_(std::max(threads, 1u)),
      runs_in_(runs_in),
      region_(std::move(region)),
      mailbox_(region_->mailbox(edge_thread)),
      bell_(region_->page()),
      descriptors_(std::move(descriptors), mailbox_),
      held_(mailbox_.shape().slots),
      counted_(mailbox_.shape().slots),
      tickets_(mailbox_.shape().slots),
      service_ns_(kUnknownServiceNs) {
  for (std::uint32_t slot = mailbox_.shape().slots; slot-- > 0;) free_slots_.push_back(slot);
}

void WorkerLink::adopt() {
  mailbox_.cancel_sleep();
  free_slots_.clear();
  for (std::uint32_t slot = mailbox_.shape().slots; slot-- > 0;) {
    const State state = gateway::state_of(mailbox_.slot(slot).word.load(std::memory_order_acquire));
    if (state == State::kAnswered) mailbox_.release(slot);
    if (state == State::kFree || state == State::kAnswered || (state == State::kQueued && mailbox_.recall(slot))) {
      free_slots_.push_back(slot);
      continue;
    }
    counted_[slot] = true;
    ++outstanding_;
    if (mailbox_.abandon(slot)) nudge_later();
    collect(slot);
  }
}

bool WorkerLink::give(Exchange& exchange, std::uint64_t now_ns) {
  if (free_slots_.empty()) return false;
  const std::uint32_t slot = free_slots_.back();
  gateway::Slot& place = mailbox_.slot(slot);
  const auto layout =
      exchange.write_request(place.request, mailbox_.request_area(slot), mailbox_.shape().request_bytes);
  check(layout, "a head within the limits fits a slot");
  const bool body_in_file = exchange.body_file() >= 0;
  // Sent before the slot is queued, so that a worker that has won the slot finds it.
  if (body_in_file && !descriptors_.send(slot, exchange.body_file())) return false;
  if (!mailbox_.submit(slot, now_ns)) {
    // The next generation makes the descriptor stale: the slot's next request may not find it.
    if (body_in_file) mailbox_.release(slot);
    return false;
  }
  free_slots_.pop_back();
  held_[slot] = &exchange;
  counted_[slot] = true;
  ++outstanding_;
  ++held_count_;
  ++to_wake_;
  if (order_.size() >= 4 * held_.size()) {
    std::erase_if(order_, [this](const Given& given) { return stale(given); });
  }
  order_.push_back({slot, ++tickets_[slot]});
  exchange.given_to(this, slot);
  exchange.given_ns = now_ns;
  return true;
}

std::vector<Exchange*> WorkerLink::recall(std::uint32_t count) {
  std::vector<Exchange*> back;
  while (back.size() < count && !order_.empty()) {
    const Given given = order_.back();
    const std::uint32_t slot = given.slot;
    order_.pop_back();
    if (stale(given) || !mailbox_.recall(slot)) continue;
    Exchange* exchange = held_[slot];
    note_recalled(slot);
    back.push_back(exchange);
  }
  return back;
}

void WorkerLink::note_recalled(std::uint32_t slot) {
  Exchange* exchange = held_[slot];
  // Not counted any more when the worker has called it answered before.
  if (counted_[slot]) --outstanding_;
  counted_[slot] = false;
  free_slot(slot);
  if (exchange != nullptr) exchange->given_to(nullptr, 0);
}

std::uint64_t WorkerLink::oldest_queued_ns(std::uint64_t now_ns) const {
  for (const Given& given : order_) {
    const gateway::Slot& place = mailbox_.slot(given.slot);
    if (!stale(given) && gateway::state_of(place.word.load(std::memory_order_relaxed)) == State::kQueued) {
      const std::uint64_t queued_ns = held_[given.slot]->given_ns;
      return now_ns > queued_ns ? now_ns - queued_ns : 0;
    }
  }
  return 0;
}

void WorkerLink::note_answered(std::uint32_t slot) {
  if (!counted_[slot]) return;
  counted_[slot] = false;
  --outstanding_;
  ++answered_total;
  const gateway::Slot& place = mailbox_.slot(slot);
  const std::uint64_t began = place.started_ns.load(std::memory_order_relaxed);
  const std::uint64_t ended = place.answered_ns.load(std::memory_order_relaxed);
  const std::uint64_t took = ended > began ? std::min(ended - began, kServiceMaxNs) : 0;
  service_ns_ = service_ns_ == kUnknownServiceNs ? took : service_ns_ - service_ns_ / 8 + took / 8;
}

void WorkerLink::free_slot(std::uint32_t slot) {
  if (held_[slot] != nullptr) --held_count_;
  held_[slot] = nullptr;
  free_slots_.push_back(slot);
}

void WorkerLink::let_go(std::uint32_t slot) {
  const State state = gateway::state_of(mailbox_.slot(slot).word.load(std::memory_order_acquire));
  if (dead || state == State::kAnswered) {
    if (!dead) note_answered(slot);
    mailbox_.release(slot);
    free_slot(slot);
    return;
  }
  if (state == State::kQueued && mailbox_.recall(slot)) return note_recalled(slot);
  if (mailbox_.abandon(slot)) nudge_later();
  held_[slot] = nullptr;
  --held_count_;
  collect(slot);  // It may have been answered just before it was abandoned, its attention already taken.
}

void WorkerLink::collect(std::uint32_t slot) {
  if (held_[slot] != nullptr || !counted_[slot]) return;
  if (gateway::state_of(mailbox_.slot(slot).word.load(std::memory_order_acquire)) != State::kAnswered) return;
  note_answered(slot);
  mailbox_.release(slot);
  free_slots_.push_back(slot);
}

void WorkerLink::wake() {
  if (to_wake_ == 0) return;
  if (runs_in_ == RunsIn::kGreenlets) {
    if (bell_.take_hub()) descriptors_.nudge();
  } else {
    bell_.ring(std::min(to_wake_, threads_));
  }
  to_wake_ = 0;
}

void WorkerLink::note_stalled(std::uint64_t running_ns) { service_ns_ = std::max(service_ns_, running_ns); }

}  // namespace tierce::edge
