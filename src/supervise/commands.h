// What the server can be told to do while it runs: by a letter in the master fifo, by a signal that a hook
// has given a meaning. uWSGI's letters and names.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tierce::supervise {

enum class Command : std::uint8_t {
  kReload,
  kReloadBrutally,
  kStop,
  kStopBrutally,
  kPause,
  kMoreWorkers,
  kFewerWorkers,
  kReloadWorkers,
  kReloadWorkersBrutally,
  kChainReload,
  kLogStats,
  kReopenLogs,
  kRotateLogs,
  kNotThere,  // uWSGI has it, we have not.
};

// "r"; nullopt for a letter that means nothing in uWSGI either.
std::optional<Command> command_of_letter(char letter);
// "gracefully_kill_them_all": the functions that unix_signal hooks name.
std::optional<Command> command_of_function(std::string_view name);

}  // namespace tierce::supervise
