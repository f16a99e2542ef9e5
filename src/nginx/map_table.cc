#include "nginx/map_table.h"

#include "nginx/letter_case.h"

namespace tierce::nginx {
namespace {

bool has_star(std::string_view key) { return key.starts_with("*.") || key.starts_with('.') || key.ends_with(".*"); }

}  // namespace

Result<MapTable> MapTable::make(const config::nginx::MapBlock& block) {
  MapTable table(block);
  for (std::size_t i = 0; i < block.entries.size(); ++i) {
    const config::nginx::MapEntry& entry = block.entries[i];
    if (entry.expression.regex) {
      table.expressions_.push_back(i);
    } else if (block.hostnames && has_star(entry.key)) {
      auto name = config::nginx::parse_server_name(entry.key);
      if (!name) return fail(std::move(name).error());
      table.hosts_.add(*name, i);
      table.has_hosts_ = true;
    } else {
      table.exact_.try_emplace(in_small_letters(entry.key), i);
    }
  }
  return table;
}

MapTable::Choice MapTable::find(std::string_view source) const {
  if (block_->hostnames && source.ends_with('.')) source.remove_suffix(1);
  const auto value_of = [this](std::size_t i) { return &block_->entries[i].value; };
  const std::string small = in_small_letters(source);
  if (const auto found = exact_.find(small); found != exact_.end()) return {value_of(found->second)};
  if (has_hosts_ && !small.empty()) {
    if (const auto found = hosts_.find(small)) return {value_of(*found)};
  }
  if (!source.empty()) {
    for (const std::size_t i : expressions_) {
      const Regex& regex = *block_->entries[i].expression.regex;
      if (regex.matches(source)) return {value_of(i), &regex};
    }
  }
  return {block_->fallback ? &*block_->fallback : nullptr};
}

}  // namespace tierce::nginx
