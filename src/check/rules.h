// What is looked for in a chain. Each rule adds to Chain::findings; docs/check.md has a heading for each code.
#pragma once

#include <vector>

#include "check/chain.h"
#include "check/passes.h"

namespace tierce::check {

// Within one nginx file: alias, if, headers lost by inheritance.
void check_locations(Chain& chain, const std::vector<EdgePasses>& edges);
// Between edge and application: who listens, who may open, how large, how many.
void check_sockets(Chain& chain, const std::vector<EdgePasses>& edges);
// Times that contradict each other.
void check_times(Chain& chain, const std::vector<EdgePasses>& edges);
// Files, directories, modules and users.
void check_files(Chain& chain, const std::vector<EdgePasses>& edges);
// What signals and the end of a program mean to the supervisor.
void check_supervision(Chain& chain);
// Ports that anybody may command.
void check_control(Chain& chain, const std::vector<EdgePasses>& edges);
// Names that Flask does not have.
void check_python(Chain& chain);

// Where Python looks first.
std::vector<std::string> import_directories(const Chain& chain, const App& app);

// All of them, and what reading has found, in order.
std::vector<Finding> check(Chain& chain);

}  // namespace tierce::check
