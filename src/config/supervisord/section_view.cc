#include "config/supervisord/section_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace tierce::config::supervisord {

void add_once(std::vector<Error>& errors, const Error& error) {
  const bool known =
      std::any_of(errors.begin(), errors.end(), [&](const Error& each) { return each.text() == error.text(); });
  if (!known) errors.push_back(error);
}

std::string SectionView::raw(std::string_view key) const {
  if (const IniKey* given = section_.find(key); given != nullptr) return given->value;
  const KeyRow* row = find_key(kind_, key);
  check(row != nullptr, "only keys of the table are asked for");
  return std::string(row->fallback);
}

std::string SectionView::text(std::string_view key) {
  auto expanded = expand(raw(key), known_, fmt::format("{}.{}", section_.name, key));
  if (expanded) return std::move(*expanded);
  wrong(key, expanded.error().text());
  return {};
}

void SectionView::wrong(std::string_view key, const std::string& why) {
  if (wrong_key_ == key) return;
  wrong_key_ = key;
  const IniKey* given = section_.find(key);
  const Place& place = given != nullptr ? given->place : section_.place;
  Error error(fmt::format("{}: [{}] {}: {}", place.text(), section_.name, key, why));
  if (every_ != nullptr) add_once(*every_, error);
  if (!error_) error_ = std::move(error);
}

}  // namespace tierce::config::supervisord
