// Finding a program and starting it, as supervisord does: a process group of its own, its messages for what fails.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/user_identity.h"

namespace tierce::supervisord {

// Why a command cannot be run: what the API makes NO_FILE or NOT_EXECUTABLE of.
enum class CommandProblem : std::uint8_t { kNotFound, kNotExecutable };
struct CommandError {
  CommandProblem problem;
  std::string text;
};

struct Executable {
  std::string file;
  std::vector<std::string> arguments;  // With the name.
};
// `search`: what PATH says.
Result<Executable, CommandError> find_executable(const std::string& command, const std::string& search);

// The number that `chain` has in the child.
inline constexpr int kChainFd = 3;

struct SpawnPlan {
  Executable executable;
  std::vector<std::string> environment;  // "NAME=value".
  std::string user;                      // "" for ours.
  std::string directory;
  std::optional<mode_t> umask;
  int input = -1;
  int output = -1;
  int errors = -1;            // May be `output`.
  int keeper = -1;            // GroupKeeper::fd(), or -1.
  int chain = -1;             // What the environment's TIERCE_CHAIN_FD names (chain.h), or -1.
  int cgroup_door = -1;       // os::Cgroup::door(), or -1.
  std::function<int()> body;  // Instead of an executable; its result is the exit status.
};
// What fails after the fork is said on `errors`, and the child ends with 127.
Result<pid_t> spawn(const SpawnPlan& plan);

}  // namespace tierce::supervisord
