#include "supervisord/targets.h"

#include <algorithm>

namespace tierce::supervisord {

std::optional<Target> find_target(Server& server, const std::string& name) {
  const std::size_t colon = name.find(':');
  const std::string group_name = name.substr(0, colon);
  Target target;
  target.group = server.find_group(group_name);
  if (target.group == nullptr) return std::nullopt;
  const std::string process = colon == std::string::npos ? name : name.substr(colon + 1);
  if (colon != std::string::npos && (process.empty() || process == "*")) return target;
  target.process = target.group->find(process);
  if (target.process == nullptr) return std::nullopt;
  return target;
}

Process* find_process(Server& server, const std::string& name) {
  const auto target = find_target(server, name);
  return target ? target->process : nullptr;
}

std::vector<Process*> all_processes(Server& server) {
  std::vector<Process*> all;
  for (const Group* group : server.groups()) {
    for (const auto& process : group->processes()) all.push_back(process.get());
  }
  return all;
}

std::vector<Process*> processes_by_name(Server& server) {
  auto all = all_processes(server);
  std::stable_sort(all.begin(), all.end(), [](const Process* a, const Process* b) {
    return a->group() != b->group() ? a->group() < b->group() : a->name() < b->name();
  });
  return all;
}

std::vector<Process*> processes_of(const Group& group) {
  std::vector<Process*> all;
  for (const auto& process : group.processes()) all.push_back(process.get());
  return all;
}

}  // namespace tierce::supervisord
