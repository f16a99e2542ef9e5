// One worker as one edge thread sees it: its mailbox, what it holds, how fast it has been. The dispatcher
// (dispatcher.h) decides who gets what; this keeps the books.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/fd_inbox.h"
#include "gateway/mailbox.h"
#include "os/message_channel.h"

namespace tierce::edge {

class Exchange;

// What a worker runs requests in: threads, each of which waits for itself, or greenlets, which start when
// the hub of the one thread they share comes around.
enum class RunsIn : std::uint8_t { kThreads, kGreenlets };

class WorkerLink {
 public:
  // `mailbox` lies in `region`, which several edge threads of the process share. `threads` is how many
  // requests may run at once, also in greenlets. adopt() first where another edge has had this mailbox before.
  WorkerLink(std::uint32_t id, std::int32_t pid, std::uint32_t threads, std::shared_ptr<gateway::Region> region,
             std::uint32_t edge_thread, os::MessageChannel descriptors, RunsIn runs_in = RunsIn::kThreads);

  // Clears what an edge that is gone has left: what has not begun never will, what runs is abandoned, and its slot
  // comes back when the worker is through with it.
  void adopt();

  std::uint32_t id() const { return id_; }
  std::int32_t pid() const { return pid_; }
  std::uint32_t threads() const { return threads_; }
  const gateway::Mailbox& mailbox() const { return mailbox_; }

  // Requests given and not yet answered, those of clients that left included.
  std::uint32_t outstanding() const { return outstanding_; }
  bool full() const { return free_slots_.empty(); }
  bool idle_thread() const { return outstanding_ < threads_; }
  // How long a request given now would wait for a thread, in ns.
  std::uint64_t expected_wait_ns() const {
    return outstanding_ < threads_ ? 0 : (outstanding_ - threads_ + 1) * service_ns_ / threads_;
  }
  // What it has to do, spread over its threads.
  std::uint64_t load_ns() const { return outstanding_ * service_ns_ / threads_; }
  // Whether the worker may spin for its next request instead of sleeping.
  void allow_spin(bool allowed) {
    auto& flag = region_->page().may_spin;
    if (flag.load(std::memory_order_relaxed) != (allowed ? 1u : 0u))
      flag.store(allowed ? 1 : 0, std::memory_order_relaxed);
  }
  std::uint64_t service_ns() const { return service_ns_; }
  bool asleep() const { return region_->page().sleepers.load(std::memory_order_relaxed) != 0; }

  // Copies the request into a free slot and queues it. False: no room now, or the descriptor of the body
  // could not be sent; the exchange stays where it is.
  bool give(Exchange& exchange, std::uint64_t now_ns);
  // Takes back what the worker has not started, newest first, at most `count`.
  std::vector<Exchange*> recall(std::uint32_t count);
  // The books after a successful Mailbox::recall() of this slot by the caller.
  void note_recalled(std::uint32_t slot);
  // Age of the oldest request that is queued and not started; 0 when there is none.
  std::uint64_t oldest_queued_ns(std::uint64_t now_ns) const;

  // The exchange a slot serves; nullptr once the exchange has let go of it.
  Exchange* holder(std::uint32_t slot) const { return held_[slot]; }
  // The worker has answered: takes it off the books (once) and learns from its time.
  void note_answered(std::uint32_t slot);
  // The exchange needs the slot no more. An answered slot is free at once; a running one is abandoned
  // and comes back when the worker is through with it.
  void let_go(std::uint32_t slot);
  // Attention on a slot nobody holds: an abandoned one may have been answered.
  void collect(std::uint32_t slot);

  // Wakes the worker for what was given since the last call; one call for a whole batch.
  void wake();
  // There is room in the ring that one of its greenlets waits for.
  void nudge_later() { ++to_wake_; }
  // What it was given last may lie there although fewer run than may: its hub does not turn.
  bool may_stand_still() const { return runs_in_ == RunsIn::kGreenlets && outstanding_ != 0 && !asleep(); }
  void note_stalled(std::uint64_t running_ns);

  // The descriptor of a response file (kFileFollows) of this slot.
  os::UniqueFd receive_file(std::uint32_t slot) { return descriptors_.receive(slot); }

  std::uint32_t held() const { return held_count_; }
  template <typename F>
  void for_each_held(F&& f) {
    for (std::uint32_t slot = 0; slot < held_.size(); ++slot) {
      if (held_[slot] != nullptr) f(slot, *held_[slot]);
    }
  }

  bool refused = false;       // Had no room for what it was given last.
  bool stands_still = false;  // Its hub has not turned for a while: others are given requests first.
  bool draining = false;      // Gets nothing more; kDrained is due when it holds nothing.
  bool dead = false;          // Only finished responses are left in it.
  bool drained_said = false;
  std::uint64_t answered_total = 0;
  std::uint64_t answered_at_last_check = 0;

 private:
  void free_slot(std::uint32_t slot);

  std::uint32_t id_;
  std::int32_t pid_;
  std::uint32_t threads_;
  RunsIn runs_in_;
  std::shared_ptr<gateway::Region> region_;
  gateway::Mailbox mailbox_;
  gateway::Bell bell_;
  gateway::FdInbox descriptors_;
  std::vector<Exchange*> held_;
  std::vector<bool> counted_;              // The slot counts in outstanding_.
  std::vector<std::uint32_t> free_slots_;  // Last in, first out: a slot used just now is in the cache.
  // What was given, oldest first; stale when the slot has been given again since or is held no more. Our
  // own count decides that, not the slot's word: a worker that writes the word could make this grow.
  struct Given {
    std::uint32_t slot;
    std::uint32_t ticket;
  };
  bool stale(const Given& given) const { return held_[given.slot] == nullptr || tickets_[given.slot] != given.ticket; }
  std::vector<Given> order_;
  std::vector<std::uint32_t> tickets_;  // By slot: the latest.
  std::uint32_t outstanding_ = 0;
  std::uint32_t held_count_ = 0;
  std::uint32_t to_wake_ = 0;
  std::uint64_t service_ns_;
};

}  // namespace tierce::edge
