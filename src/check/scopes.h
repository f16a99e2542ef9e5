// The blocks of an nginx file as they lie in each other, and what holds in each: for questions about what was written
// and where, which the model does not keep.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/nginx/reader.h"

namespace tierce::check {

struct Scope {
  const config::nginx::Node* block = nullptr;  // nullptr: what stands outside all blocks.
  const std::vector<config::nginx::Node>* nodes = nullptr;
  const Scope* outer = nullptr;

  std::string_view name() const { return block == nullptr ? "main" : std::string_view(block->words.front()); }
  bool is(std::string_view wanted) const { return name() == wanted; }
  // "location /static/"
  std::string title() const;
  // The last statement of this name in this very block; nullptr: none.
  const config::nginx::Node* own(std::string_view directive) const;
  std::vector<const config::nginx::Node*> all_own(std::string_view directive) const;
  // The nearest one outwards.
  const config::nginx::Node* effective(std::string_view directive) const;
  const Scope* around(std::string_view block_name) const;
};

// Outer ones first. The configuration must stay where it is.
std::vector<std::unique_ptr<Scope>> scopes_of(const config::nginx::Configuration& configuration);

// The first word behind the name of an effective directive as a time; `fallback` when nobody says it.
std::chrono::milliseconds time_of(const Scope& scope, std::string_view directive, std::chrono::milliseconds fallback);
std::int64_t size_of(const Scope& scope, std::string_view directive, std::int64_t fallback);

}  // namespace tierce::check
