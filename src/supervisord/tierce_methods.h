// What our API has beyond supervisor's: tierce.reloadProcess, tierce.updateProcessGroup, tierce.explainChanges.
#pragma once

#include <string>

#include "supervisord/rpc_methods.h"

namespace tierce::supervisord {

// Answer when all is done, one entry a process. `name`: "web", "group:web", "group", "group:*".
Pending reload_process(Server& server, const std::string& name);
// The group becomes what the configuration that was read last says; what is the same there is not touched. FAILED
// where that cannot be done one process at a time.
Pending update_process_group(Server& server, const std::string& name);
// [{name: "web", reasons: ["command: 'a' -> 'b'"]}], of what reread() found.
Value explain_changes(Server& server);

}  // namespace tierce::supervisord
