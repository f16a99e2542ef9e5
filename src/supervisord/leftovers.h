// Process groups whose first process has ended: when something is still in one at its time, it is killed.
#pragma once

#include <sys/types.h>

#include <map>

#include "os/group_keeper.h"
#include "supervisord/process_state.h"

namespace tierce::supervisord {

class Leftovers {
 public:
  // kill_at: max() for never. To be called while the number cannot be anybody else's.
  void add(pid_t group, TimePoint kill_at);
  // `keeper` is told of those that are empty by now.
  void tick(TimePoint now, const os::GroupKeeper& keeper);
  TimePoint deadline() const;

 private:
  std::map<pid_t, TimePoint> groups_;
};

}  // namespace tierce::supervisord
