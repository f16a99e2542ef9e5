#include "config/supervisord/dependencies.h"

#include <fmt/format.h>

namespace tierce::config::supervisord {
namespace {

struct Node {
  const GroupSettings* group;
  const ProcessSettings* process;
  std::vector<std::size_t> needs;
  enum class Mark : std::uint8_t { kNew, kOnTheWay, kDone } mark = Mark::kNew;
};

Failure<Error> refuse(const ProcessSettings& process, const std::string& why) {
  return fail(Error(fmt::format("{}: [program:{}] depends_on: {}", process.place.text(), process.program, why)));
}

// Depth first: whoever is met while on the way waits for himself.
const Node* find_circle(std::vector<Node>& nodes, std::size_t at) {
  Node& node = nodes[at];
  if (node.mark == Node::Mark::kDone) return nullptr;
  if (node.mark == Node::Mark::kOnTheWay) return &node;
  node.mark = Node::Mark::kOnTheWay;
  for (const std::size_t next : node.needs) {
    if (const Node* circle = find_circle(nodes, next); circle != nullptr) return circle;
  }
  node.mark = Node::Mark::kDone;
  return nullptr;
}

}  // namespace

bool is_named(const std::string& name, const std::string& group, const ProcessSettings& process) {
  return name == process.program || name == group || name == process.name || name == group + ":" + process.name ||
         name == group + ":*";
}

Result<void> check_dependencies(const std::vector<GroupSettings>& groups) {
  std::vector<Node> nodes;
  for (const GroupSettings& group : groups) {
    for (const ProcessSettings& process : group.processes) nodes.push_back({&group, &process, {}});
  }
  for (Node& node : nodes) {
    for (const std::string& name : node.process->depends_on) {
      const std::size_t before = node.needs.size();
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (is_named(name, nodes[i].group->name, *nodes[i].process)) node.needs.push_back(i);
      }
      if (node.needs.size() == before)
        return refuse(*node.process, fmt::format("there is no program or group '{}'", name));
    }
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (const Node* circle = find_circle(nodes, i); circle != nullptr)
      return refuse(*circle->process, "it waits for itself, by what it depends on");
  }
  return {};
}

}  // namespace tierce::config::supervisord
