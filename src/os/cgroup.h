// Control groups (version 2): everything a program starts stays in its group, whatever it does to leave its process
// group, can be limited in memory together, and ends together.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::os {

class Cgroup {
 public:
  Cgroup() = default;
  // A folder below `home`. What is in one of that name already is killed.
  static Result<Cgroup> create(const std::string& home, const std::string& name);
  Cgroup(Cgroup&& other) noexcept;
  Cgroup& operator=(Cgroup&& other) noexcept;
  // What is in it is killed.
  ~Cgroup();

  explicit operator bool() const { return !path_.empty(); }
  // Of all in it together; when it is reached the kernel kills them all. False when the kernel will not count.
  bool limit_memory(std::uint64_t bytes) const;
  // A process that writes "0" here is in it, and so is what it starts.
  int door() const { return door_.get(); }
  void kill_all() const;

 private:
  std::string path_;
  UniqueFd door_;
};

// Where groups can be made: below the one this process is in. "" where there is no cgroup2 or we may not. Groups of
// tierce processes that are gone are killed and removed. `memory`: this process moves into a group of its own if
// that is what it takes to limit the memory of others.
std::string find_cgroup_home(bool memory);
// The same with the files of /proc given.
std::string cgroup_home_in(const std::string& mountinfo, const std::string& own);
// "tierce-PID-NAME", fit for a file name.
std::string cgroup_name(pid_t pid, const std::string& name);

}  // namespace tierce::os
