// Which location answers a path: the longest prefix, unless an expression matches that it leaves room for; inside the
// one that was found the same again. Over any tree of locations, so that it can be tested without a configuration.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/nginx/location_pattern.h"

namespace tierce::config::nginx {

// The locations of one level, prepared for requests. `Node` has a member `choices` of this type: its inner locations.
template <typename Node>
class LocationChoices {
 public:
  // In the order of the file. nullptr, or the one that has the same path already.
  const Node* add(const LocationPattern& pattern, const Node& node) {
    switch (pattern.kind) {
      case LocationPattern::Kind::kNamed:
        return insert(named_, pattern, node);
      case LocationPattern::Kind::kExact:
        return insert(exact_, pattern, node);
      case LocationPattern::Kind::kRegex:
        expressions_.push_back({&pattern, &node});
        return nullptr;
      case LocationPattern::Kind::kPrefix:
      case LocationPattern::Kind::kPrefixNoRegex:
        longest_ = std::max(longest_, pattern.text.size());
        return insert(prefixes_, pattern, node);
    }
    return nullptr;
  }

  struct Found {
    const Node* node = nullptr;  // nullptr: the level's own settings.
    // The path is that of a prefix without its slash at the end: nginx redirects there when the location passes on.
    bool lacks_slash = false;
  };
  // Of a normalised path. `passes(node)`: whether its location hands requests on and so redirects to its slash.
  template <typename Passes>
  Found find(std::string_view path, const Passes& passes) const {
    return look(path, passes).found;
  }
  const Node* find_named(std::string_view name) const {
    const auto entry = named_.find(name);
    return entry == named_.end() ? nullptr : entry->second.node;
  }

 private:
  struct Entry {
    const LocationPattern* pattern;
    const Node* node;
  };
  using ByText = std::map<std::string, Entry, std::less<>>;
  enum class Rank : std::uint8_t { kNothing, kPrefix, kFinal };  // kFinal: no expression of an outer level may take it.
  struct Looked {
    Found found;
    Rank rank = Rank::kNothing;
  };

  const Node* insert(ByText& into, const LocationPattern& pattern, const Node& node) {
    const auto [entry, fresh] = into.try_emplace(pattern.text, Entry{&pattern, &node});
    return fresh ? nullptr : entry->second.node;
  }

  const Entry* longest_prefix(std::string_view path) const {
    for (std::size_t size = std::min(path.size(), longest_) + 1; size-- > 0;) {
      const auto entry = prefixes_.find(path.substr(0, size));
      if (entry != prefixes_.end()) return &entry->second;
    }
    return nullptr;
  }

  template <typename Passes>
  Looked look(std::string_view path, const Passes& passes) const {
    if (const auto exact = exact_.find(path); exact != exact_.end()) return {{exact->second.node}, Rank::kFinal};
    const Entry* prefix = longest_prefix(path);
    if (prefix == nullptr || prefix->pattern->text.size() < path.size()) {
      if (const Node* with_slash = lacking_slash(path, passes)) return {{with_slash, true}, Rank::kFinal};
    }
    Looked best;
    if (prefix != nullptr) {
      best = prefix->node->choices.look(path, passes);
      if (best.rank == Rank::kFinal) return best;
      if (best.found.node == nullptr) best = {{prefix->node}, Rank::kPrefix};
    }
    // nginx asks the prefix of this level, not those within it, whether expressions may be tried.
    if (prefix != nullptr && prefix->pattern->kind == LocationPattern::Kind::kPrefixNoRegex) return best;
    for (const Entry& entry : expressions_) {
      if (!entry.pattern->expression.regex->matches(path)) continue;
      const Looked inner = entry.node->choices.look(path, passes);
      return {inner.found.node != nullptr ? inner.found : Found{entry.node}, Rank::kFinal};
    }
    return best;
  }

  template <typename Passes>
  const Node* lacking_slash(std::string_view path, const Passes& passes) const {
    std::string with(path);
    with += '/';
    if (const auto entry = exact_.find(with); entry != exact_.end() && passes(*entry->second.node))
      return entry->second.node;
    if (const auto entry = prefixes_.find(with); entry != prefixes_.end() && passes(*entry->second.node))
      return entry->second.node;
    return nullptr;
  }

  ByText exact_, prefixes_, named_;
  std::vector<Entry> expressions_;
  std::size_t longest_ = 0;
};

}  // namespace tierce::config::nginx
