#include "check/scopes.h"

#include "config/nginx/values.h"

namespace tierce::check {
namespace {

using config::nginx::Node;

void add(std::vector<std::unique_ptr<Scope>>& scopes, const Node* block, const std::vector<Node>& nodes,
         const Scope* outer) {
  auto made = std::make_unique<Scope>();
  *made = {block, &nodes, outer};
  const Scope* scope = scopes.emplace_back(std::move(made)).get();
  for (const Node& node : nodes) {
    const bool block_of_directives =
        node.directive != nullptr && node.directive->block == config::nginx::Block::kDirectives;
    if (block_of_directives) add(scopes, &node, node.block, scope);
  }
}

}  // namespace

std::string Scope::title() const {
  if (block == nullptr) return "main";
  std::string title;
  for (const std::string& word : block->words) title += (title.empty() || word == ")" ? "" : " ") + word;
  return title;
}

const Node* Scope::own(std::string_view directive) const {
  const Node* found = nullptr;
  for (const Node& node : *nodes) {
    if (node.words.front() == directive) found = &node;
  }
  return found;
}

std::vector<const Node*> Scope::all_own(std::string_view directive) const {
  std::vector<const Node*> found;
  for (const Node& node : *nodes) {
    if (node.words.front() == directive) found.push_back(&node);
  }
  return found;
}

const Node* Scope::effective(std::string_view directive) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->outer) {
    if (const Node* found = scope->own(directive)) return found;
  }
  return nullptr;
}

const Scope* Scope::around(std::string_view block_name) const {
  const Scope* scope = outer;
  while (scope != nullptr && !scope->is(block_name)) scope = scope->outer;
  return scope;
}

std::vector<std::unique_ptr<Scope>> scopes_of(const config::nginx::Configuration& configuration) {
  std::vector<std::unique_ptr<Scope>> scopes;
  add(scopes, nullptr, configuration.nodes, nullptr);
  return scopes;
}

std::chrono::milliseconds time_of(const Scope& scope, std::string_view directive, std::chrono::milliseconds fallback) {
  const Node* found = scope.effective(directive);
  if (found == nullptr || found->words.size() < 2) return fallback;
  const auto time = config::nginx::parse_time(found->words[1], true);
  return time ? std::chrono::milliseconds(*time) : fallback;
}

std::int64_t size_of(const Scope& scope, std::string_view directive, std::int64_t fallback) {
  const Node* found = scope.effective(directive);
  if (found == nullptr || found->words.size() < 2) return fallback;
  return config::nginx::parse_size(found->words[1], true).value_or(fallback);
}

}  // namespace tierce::check
