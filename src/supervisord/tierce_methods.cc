#include "supervisord/tierce_methods.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "supervisord/renewal.h"
#include "supervisord/targets.h"

namespace tierce::supervisord {
namespace {

Pending answer(Outcome outcome) {
  return [outcome = std::move(outcome)] { return std::optional<Outcome>(outcome); };
}

Pending when_done(std::shared_ptr<Renewals> renewals) {
  return [renewals = std::move(renewals)]() -> std::optional<Outcome> {
    auto results = renewals->step();
    return results ? std::optional<Outcome>(std::move(*results)) : std::nullopt;
  };
}

void reload_one(Server& server, Process& process, Renewals& renewals) {
  const conf::ProcessSettings& settings = process.settings();
  if (!is_running(process.state()))
    return renewals.add_result(process.group(), process.name(), fault(FaultCode::kNotRunning, process.name()), "");
  if (settings.reload_signal == 0)
    return renewals.add({server, process.group(), process.name(), std::nullopt}, settings.rolling_restart);
  const std::string problem = process.signal(settings.reload_signal);
  renewals.add_result(process.group(), process.name(),
                      problem.empty() ? Outcome(Value(true)) : Outcome(fault(FaultCode::kFailed, problem)),
                      "signalled");
}

const conf::ProcessSettings* find(const conf::GroupSettings& group, const std::string& name) {
  const auto found = std::find_if(group.processes.begin(), group.processes.end(),
                                  [&](const conf::ProcessSettings& process) { return process.name == name; });
  return found != group.processes.end() ? &*found : nullptr;
}

}  // namespace

Pending reload_process(Server& server, const std::string& name) {
  auto target = find_target(server, name);
  if (Group* group = server.find_group(name); !target && group != nullptr) target = Target{group, nullptr};
  if (!target) return answer(fault(FaultCode::kBadName, name));
  auto renewals = std::make_shared<Renewals>();
  if (target->process != nullptr) {
    reload_one(server, *target->process, *renewals);
  } else {
    for (Process* process : processes_of(*target->group)) reload_one(server, *process, *renewals);
  }
  return when_done(std::move(renewals));
}

Pending update_process_group(Server& server, const std::string& name) {
  Group* group = server.find_group(name);
  const auto& known = server.known_groups();
  const auto fresh = std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.name == name; });
  if (group == nullptr || fresh == known.end()) return answer(fault(FaultCode::kBadName, name));
  if (!group->differs_in_processes_only(*fresh))
    return answer(
        fault(FaultCode::kFailed, fmt::format("{} differs in more than its processes: stop, remove and add it", name)));
  auto renewals = std::make_shared<Renewals>();
  std::vector<conf::ProcessSettings> old = group->settings().processes;
  for (const conf::ProcessSettings& process : old) {
    const conf::ProcessSettings* next = find(*fresh, process.name);
    if (next == nullptr) {
      renewals->add(Renewal::removal(server, name, process.name), false);
    } else if (*next == process) {
      renewals->add_result(name, process.name, Value(true), "left as it is");
    } else {
      renewals->add({server, name, process.name, *next}, next->rolling_restart);
    }
  }
  for (const conf::ProcessSettings& process : fresh->processes) {
    if (find(group->settings(), process.name) != nullptr) continue;
    group->add(process);
    renewals->add_result(name, process.name, Value(true), "added");
  }
  return when_done(std::move(renewals));
}

Value explain_changes(Server& server) {
  Value::Array all;
  for (const auto& [name, reasons] : server.differences().reasons) {
    Value::Array texts;
    for (const std::string& reason : reasons) texts.emplace_back(reason);
    all.push_back(Value::Struct{{"name", name}, {"reasons", std::move(texts)}});
  }
  return all;
}

}  // namespace tierce::supervisord
