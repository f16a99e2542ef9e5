#include "supervisord/renewal.h"

#include <fmt/format.h>

namespace tierce::supervisord {

Renewal Renewal::removal(Server& server, std::string group, std::string process) {
  Renewal removal(server, std::move(group), std::move(process), std::nullopt);
  removal.removes_ = true;
  return removal;
}

std::optional<Outcome> Renewal::step() {
  Group* group = server_->find_group(group_);
  Process* process = group != nullptr ? group->find(process_) : nullptr;
  if (process == nullptr) return fault(FaultCode::kBadName, process_);
  // It is down, or goes down with everything else.
  if (server_->mood() < Mood::kRunning) return fault(FaultCode::kShutdownState);
  const TimePoint now = Server::now();
  if (!begun_) {
    begun_ = true;
    was_up_ = is_running(process->state());
    if (was_up_) process->stop(now);
  }
  if (pid_ == 0) {
    if (!is_stopped(process->state())) return std::nullopt;
    if (removes_) {
      group->remove(process_);
      return Outcome(Value(true));
    }
    const Outcome begun = bring_up(*group, *process);
    if (pid_ == 0) return begun;
    process = group->find(process_);
  }
  if (process->is_ready()) return Outcome(Value(true));
  // Another one already: the first has failed.
  if (process->pid() != pid_) return fault(FaultCode::kAbnormalTermination, process_);
  return std::nullopt;
}

Outcome Renewal::bring_up(Group& group, Process& process) {
  Process* next = &process;
  if (fresh_) {
    group.replace(*fresh_);
    next = group.find(process_);
  }
  if (!was_up_) return Value(true);
  next->start(Server::now());
  pid_ = next->pid();
  if (pid_ == 0) return fault(FaultCode::kSpawnError, process_);
  next->tick(Server::now(), true);
  return Value(true);
}

void Renewals::add_result(const std::string& group, const std::string& process, const Outcome& outcome,
                          const std::string& good) {
  const Fault* bad = std::get_if<Fault>(&outcome);
  results_.push_back(Value::Struct{{"name", process},
                                   {"group", group},
                                   {"status", static_cast<int>(bad != nullptr ? bad->code : FaultCode::kSuccess)},
                                   {"description", bad != nullptr ? bad->text : good}});
}

std::optional<Value> Renewals::step() {
  std::erase_if(at_once_, [this](Renewal& one) {
    const auto outcome = one.step();
    if (outcome) add_result(one.group(), one.process(), *outcome, one.done());
    return outcome.has_value();
  });
  while (!rolling_.empty()) {
    const auto outcome = rolling_.front().step();
    if (!outcome) break;
    add_result(rolling_.front().group(), rolling_.front().process(), *outcome, rolling_.front().done());
    const std::string name = rolling_.front().process();
    rolling_.erase(rolling_.begin());
    if (std::holds_alternative<Value>(*outcome)) continue;
    const Outcome left = fault(FaultCode::kFailed, fmt::format("left as it is: {} did not come back", name));
    for (const Renewal& rest : rolling_) add_result(rest.group(), rest.process(), left, "");
    rolling_.clear();
  }
  if (!at_once_.empty() || !rolling_.empty()) return std::nullopt;
  return Value(results_);
}

}  // namespace tierce::supervisord
