#include "supervise/commands.h"

#include <array>

namespace tierce::supervise {
namespace {

struct Row {
  char letter;
  std::string_view function;
  Command command;
};
constexpr std::array kRows = {
    Row{'r', "grace_them_all", Command::kReload},
    Row{'R', "reap_them_all", Command::kReloadBrutally},
    Row{'q', "gracefully_kill_them_all", Command::kStop},
    Row{'Q', "kill_them_all", Command::kStopBrutally},
    Row{'p', "suspend_resume_them_all", Command::kPause},
    Row{'+', "uwsgi_cheaper_increase", Command::kMoreWorkers},
    Row{'-', "uwsgi_cheaper_decrease", Command::kFewerWorkers},
    Row{'w', "uwsgi_reload_workers", Command::kReloadWorkers},
    Row{'W', "uwsgi_brutally_reload_workers", Command::kReloadWorkersBrutally},
    Row{'c', "uwsgi_chain_reload", Command::kChainReload},
    Row{'s', "stats", Command::kLogStats},
    Row{'l', "uwsgi_log_reopen", Command::kReopenLogs},
    Row{'L', "uwsgi_log_rotate", Command::kRotateLogs},
    Row{'f', "uwsgi_refork_master", Command::kNotThere},
    Row{'C', "uwsgi_go_cheap", Command::kNotThere},
    Row{'P', "uwsgi_update_pidfiles", Command::kNotThere},
    Row{'B', "vassal_sos", Command::kNotThere},
    Row{'E', "emperor_rescan", Command::kNotThere},
    Row{'S', "subscriptions_blocker", Command::kNotThere},
};

}  // namespace

std::optional<Command> command_of_letter(char letter) {
  for (const Row& row : kRows) {
    if (row.letter == letter) return row.command;
  }
  return std::nullopt;
}

std::optional<Command> command_of_function(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.function == name) return row.command;
  }
  return std::nullopt;
}

}  // namespace tierce::supervise
