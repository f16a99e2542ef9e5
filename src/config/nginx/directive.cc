#include "config/nginx/directive.h"

#include <algorithm>

#include "base/nearest_name.h"
#include "config/nginx/directive_rows.h"

namespace tierce::config::nginx {
namespace {

std::vector<Directive> gathered() {
  std::vector<Directive> rows;
  for (const auto part : {core_directives(), http_directives(), upstream_directives()})
    rows.insert(rows.end(), part.begin(), part.end());
  std::stable_sort(rows.begin(), rows.end(), [](const Directive& a, const Directive& b) { return a.name < b.name; });
  return rows;
}

}  // namespace

std::span<const Directive> directives() {
  static const std::vector<Directive> rows = gathered();
  return rows;
}

std::vector<const Directive*> directives_named(std::string_view name) {
  const auto all = directives();
  const auto first = std::lower_bound(all.begin(), all.end(), name,
                                      [](const Directive& row, std::string_view each) { return row.name < each; });
  std::vector<const Directive*> found;
  for (auto row = first; row != all.end() && row->name == name; ++row) found.push_back(&*row);
  return found;
}

std::string_view nearest_directive(std::string_view name) {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Directive& row : directives()) all.push_back(row.name);
    return all;
  }();
  return nearest_name(name, names);
}

}  // namespace tierce::config::nginx
