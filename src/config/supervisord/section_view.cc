#include "config/supervisord/section_view.h"

#include <fmt/format.h>

#include "base/check.h"

namespace tierce::config::supervisord {

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
  if (error_) return;
  const IniKey* given = section_.find(key);
  const Place& place = given != nullptr ? given->place : section_.place;
  error_ = Error(fmt::format("{}: [{}] {}: {}", place.text(), section_.name, key, why));
}

}  // namespace tierce::config::supervisord
