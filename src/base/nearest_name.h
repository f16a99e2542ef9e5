// The known name that a misspelt one most likely meant.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

namespace tierce {

// Levenshtein distance.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// Empty when nothing is near: at most a third of the name may be wrong.
template <typename Names>
std::string_view nearest_name(std::string_view name, const Names& known) {
  std::string_view best;
  std::size_t best_distance = name.size() / 3 + 1;
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance || (distance == best_distance && best.empty() && distance <= name.size() / 3)) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace tierce
