#include "supervisord/leftovers.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>

namespace tierce::supervisord {

void Leftovers::add(pid_t group, TimePoint kill_at) { groups_[group] = kill_at; }

void Leftovers::tick(TimePoint now, const os::GroupKeeper& keeper) {
  for (auto at = groups_.begin(); at != groups_.end();) {
    const pid_t group = at->first;
    if (::kill(-group, now >= at->second ? SIGKILL : 0) != 0 && errno == ESRCH) {
      keeper.forget(group);
      at = groups_.erase(at);
      continue;
    }
    if (now >= at->second) at->second = TimePoint::max();
    ++at;
  }
}

TimePoint Leftovers::deadline() const {
  TimePoint first = TimePoint::max();
  for (const auto& [group, kill_at] : groups_) first = std::min(first, kill_at);
  return first;
}

}  // namespace tierce::supervisord
