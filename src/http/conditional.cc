#include "http/conditional.h"

#include <fmt/format.h>

#include "http/field_rules.h"
#include "http/http_date.h"

namespace tierce::http {
namespace {

enum class Compare : std::uint8_t { kStrong, kWeak };

// Takes one entity tag off a list; false when there is none.
bool take_tag(std::string_view& list, std::string_view* tag) {
  while (!list.empty() && (list.front() == ',' || list.front() == ' ' || list.front() == '\t')) list.remove_prefix(1);
  const std::size_t open = list.starts_with("W/\"") ? 3 : 1;
  if (list.empty() || (open == 1 && list.front() != '"')) return false;
  const std::size_t close = list.find('"', open);
  if (close == std::string_view::npos) return false;
  *tag = list.substr(0, close + 1);
  list.remove_prefix(close + 1);
  return true;
}

std::string_view without_weakness(std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; }

bool any_matches(std::string_view list, std::string_view tag, Compare how) {
  if (trim_blanks(list) == "*") return true;
  if (tag.empty()) return false;
  std::string_view one;
  while (take_tag(list, &one)) {
    if (how == Compare::kStrong ? one == tag : without_weakness(one) == without_weakness(tag)) return true;
  }
  return false;
}

bool not_modified(const Conditions& conditions, const Validators& file, ModifiedSince rule) {
  if (conditions.if_modified_since.empty() && conditions.if_none_match.empty()) return false;
  if (!conditions.if_modified_since.empty()) {
    const auto since = parse_http_date(conditions.if_modified_since);
    if (!since || *since < file.modified) return false;
    if (rule == ModifiedSince::kExact && *since != file.modified) return false;
  }
  return conditions.if_none_match.empty() || any_matches(conditions.if_none_match, file.tag, Compare::kWeak);
}

}  // namespace

std::string entity_tag(std::time_t modified, std::uint64_t bytes) {
  return fmt::format("\"{:x}-{:x}\"", static_cast<std::uint64_t>(modified), bytes);
}

int judge(const Conditions& conditions, const Validators& file, ModifiedSince rule) {
  if (!conditions.if_unmodified_since.empty()) {
    const auto since = parse_http_date(conditions.if_unmodified_since);
    if (!since || *since < file.modified) return 412;
  }
  if (!conditions.if_match.empty() && !any_matches(conditions.if_match, file.tag, Compare::kStrong)) return 412;
  return not_modified(conditions, file, rule) ? 304 : 0;
}

bool range_applies(const Conditions& conditions, const Validators& file) {
  const std::string_view value = conditions.if_range;
  if (value.size() < 2) return true;
  if (value.back() == '"') return !file.tag.empty() && value == file.tag;
  const auto time = parse_http_date(value);
  return time && *time == file.modified;
}

}  // namespace tierce::http
