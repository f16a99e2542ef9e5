// One stream of a program, standard output or error, from its pipe to its log. A log that takes no more makes the
// program wait, nobody else.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "os/unique_fd.h"
#include "supervisord/line_format.h"
#include "supervisord/log_file.h"
#include "supervisord/output_filter.h"
#include "supervisord/world.h"

namespace tierce::supervisord {

class OutputChannel {
 public:
  using Sink = std::function<void(std::string_view)>;
  struct Hooks {
    Sink logged;    // What belongs to the log, as it came.
    Sink captured;  // A message of capture mode.
    Sink protocol;  // Set for the standard output of an event listener: everything; then none of the others.
  };
  // `rules` outlives it. `name`: of the process alone; `program`: its full name.
  OutputChannel(World& world, const conf::OutputSettings& rules, const std::string& name, const std::string& stream,
                LineFormat format, Hooks hooks);
  ~OutputChannel() { close(); }
  OutputChannel(const OutputChannel&) = delete;
  OutputChannel& operator=(const OutputChannel&) = delete;

  // "" for none. AUTO has been resolved.
  const std::string& path() const { return path_; }
  // A program has started, `fd` is our end of its pipe.
  void open(os::UniqueFd fd, pid_t pid);
  // It has ended: what is still in the pipe is taken, and what was held back.
  void drain();
  void close();
  void tick();
  // It is to be asked again soon.
  bool has_pending() const { return log_.has_pending(); }
  void clear() { log_.clear(); }
  void reopen() { log_.reopen(); }

 private:
  void read();
  void take(std::string_view bytes);
  void write(std::string_view bytes);

  World& world_;
  const conf::OutputSettings& rules_;
  std::string name_;
  std::string path_;
  LineFormat format_;
  Hooks hooks_;
  os::UniqueFd fd_;
  LogFile log_;
  std::unique_ptr<OutputFilter> filter_;
  bool paused_ = false;  // The log takes no more for now.
  bool large_ = false;   // So is the pipe.
};

}  // namespace tierce::supervisord
