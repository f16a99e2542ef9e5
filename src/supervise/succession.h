// Another supervisor, of a newer program perhaps, that is started beside this one and takes the listening sockets over:
// Gunicorn's and nginx's USR2. Both serve until one is stopped; what only one may own (unix sockets, the pid file's
// name) is the older one's as long as it lives.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "os/listen_socket.h"
#include "os/unique_fd.h"

namespace tierce::supervise {

class Succession {
 public:
  // Remembers what this process was started with; before anything changes it.
  Succession();
  // This process was started so, and has not read that yet: it is a daemon already when it is to be one.
  static bool expected();

  bool has_predecessor() const { return static_cast<bool>(predecessor_); }
  // Readable when the predecessor has ended; -1 without one.
  int predecessor_fd() const { return predecessor_.get(); }
  void predecessor_ended() { predecessor_ = os::UniqueFd(); }

  bool has_successor() const { return successor_ > 0; }
  pid_t successor() const { return successor_; }
  // Starts it with the same arguments, directory and environment. Fails when there is one, or a predecessor.
  Result<void> start(const std::vector<os::ListenSocket>& listeners);
  // Whether this was the successor, which is none from now on.
  bool reaped(pid_t pid);

 private:
  [[noreturn]] void execute(const std::vector<os::ListenSocket>& listeners);

  std::string program_;  // A path, so that the file that is there by then is executed.
  std::vector<std::string> arguments_;
  std::string directory_;
  os::UniqueFd predecessor_;
  pid_t successor_ = 0;
};

}  // namespace tierce::supervise
