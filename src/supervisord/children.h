// Processes of the server's own beside the programs (health checks, compression): who is told when one ends.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <utility>

namespace tierce::supervisord {

class Children {
 public:
  using Ended = std::function<void(int wait_status)>;
  void add(pid_t pid, Ended ended) { waiting_[pid] = std::move(ended); }
  // The owner is gone; the process is still reaped.
  void forget(pid_t pid) {
    if (const auto found = waiting_.find(pid); found != waiting_.end()) found->second = nullptr;
  }
  bool empty() const { return waiting_.empty(); }
  // False when it is none of these.
  bool reaped(pid_t pid, int wait_status) {
    const auto found = waiting_.find(pid);
    if (found == waiting_.end()) return false;
    const Ended ended = std::move(found->second);
    waiting_.erase(found);
    if (ended) ended(wait_status);
    return true;
  }

 private:
  std::map<pid_t, Ended> waiting_;
};

}  // namespace tierce::supervisord
