// Names that calls have for processes: "web", "group:web", "group:*".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "supervisord/server.h"

namespace tierce::supervisord {

struct Target {
  Group* group = nullptr;
  Process* process = nullptr;  // nullptr: the whole group.
};

// nullopt when there is none of that name.
std::optional<Target> find_target(Server& server, const std::string& name);
// A process by name, at a later time too: groups come and go.
Process* find_process(Server& server, const std::string& name);
// By the priorities of groups and processes.
std::vector<Process*> all_processes(Server& server);
std::vector<Process*> processes_by_name(Server& server);
std::vector<Process*> processes_of(const Group& group);

}  // namespace tierce::supervisord
