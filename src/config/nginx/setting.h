// Directives whose words become one member of a settings struct:
//   setting<&LocationSettings::etag>("etag", "on", "Whether files are answered with an ETag.")
// The type of the member says how the words are read; several members lead into nested structs.
#pragma once

#include <fmt/format.h>

#include <algorithm>

#include "config/nginx/interpreter.h"
#include "config/nginx/meaning.h"
#include "config/nginx/setting_words.h"
#include "config/nginx/values.h"

namespace tierce::config::nginx {

template <typename Member>
struct MemberOf;
template <typename Owner, typename Type>
struct MemberOf<Type Owner::*> {
  using OwnerType = Owner;
  using ValueType = Type;
};

template <auto First, auto... Rest>
auto& member(auto& owner) {
  if constexpr (sizeof...(Rest) == 0) {
    return owner.*First;
  } else {
    return member<Rest...>(owner.*First);
  }
}

template <auto... Path>
struct PathOf;
template <auto First, auto... Rest>
struct PathOf<First, Rest...> {
  using Owner = typename MemberOf<decltype(First)>::OwnerType;
};
template <auto... Path>
using OwnerOf = typename PathOf<Path...>::Owner;

template <auto... Path>
auto& setting_at(const Level& level) {
  return member<Path...>(*settings_of<OwnerOf<Path...>>(level));
}

// --- the words of one directive, read into a member ---

Done take(Interpreter& in, const Node& node, Flag& into);
Done take(Interpreter& in, const Node& node, Number& into);
Done take(Interpreter& in, const Node& node, Text& into);
Done take(Interpreter& in, const Node& node, Words& into);
Done take(Interpreter& in, const Node& node, Size& into);
Done take(Interpreter& in, const Node& node, Milliseconds& into);
Done take(Interpreter& in, const Node& node, Seconds& into);
Done take(Interpreter& in, const Node& node, std::optional<Buffers>& into);
Done take(Interpreter& in, const Node& node, std::optional<TextValue>& into);
Done take(Interpreter& in, const Node& node, std::vector<TextValue>& into);
Done take(Interpreter& in, const Node& node, std::vector<NamedText>& into);
Done take(Interpreter& in, const Node& node, std::vector<Words>& into);

// Where a network's address says more than its mask lets through.
void warn_of_low_bits(Interpreter& in, Place place, const std::string& network);

// Of a directory of temporary files, how many characters name each level of it: ten of them at most.
Done check_levels(const Node& node);

inline bool is_given(const auto& value) {
  if constexpr (requires { value.has_value(); }) {
    return value.has_value();
  } else if constexpr (requires { value.empty(); }) {
    return !value.empty();
  } else {
    return value;  // A flag that is only ever said.
  }
}

template <auto... Path>
bool given_at(const Level& level) {
  const auto* settings = settings_of<OwnerOf<Path...>>(level);
  return settings == nullptr || is_given(setting_at<Path...>(level));
}
template <auto... Path>
void inherit_at(const Level& inner, const Level& outer) {
  using Settings = OwnerOf<Path...>;
  if (settings_of<Settings>(inner) == nullptr || settings_of<Settings>(outer) == nullptr) return;
  auto& mine = setting_at<Path...>(inner);
  if (!is_given(mine)) mine = setting_at<Path...>(outer);
}

template <auto... Path>
Meaning setting(const std::string& name, const std::string& fallback, const std::string& help) {
  return {.name = name,
          .help = help,
          .apply = [](Interpreter& in, Level& level,
                      const Node& node) { return take(in, node, setting_at<Path...>(level)); },
          .fallback = fallback,
          .given = given_at<Path...>,
          .inherit = inherit_at<Path...>};
}

// The same with a reader of its own.
template <auto... Path>
Meaning setting(const std::string& name, Apply apply, const std::string& fallback, const std::string& help) {
  return {.name = name,
          .help = help,
          .apply = apply,
          .fallback = fallback,
          .given = given_at<Path...>,
          .inherit = inherit_at<Path...>};
}

// One word of a set: choices_of(Enum) lists them.
template <auto... Path>
Meaning choice(const std::string& name, const std::string& fallback, const std::string& help) {
  return setting<Path...>(
      name,
      [](Interpreter&, Level& level, const Node& node) -> Done {
        auto& into = setting_at<Path...>(level);
        using Enum = typename std::remove_reference_t<decltype(into)>::value_type;
        for (const auto& [word, value] : choices_of(Enum{})) {
          if (word == node.words[1]) {
            into = value;
            return {};
          }
        }
        return fail(Error(fmt::format("invalid value \"{}\"", node.words[1])));
      },
      fallback, help);
}

// Words of a set: allowed() lists them.
template <auto Allowed, auto... Path>
Meaning words_among(const std::string& name, const std::string& fallback, const std::string& help) {
  return setting<Path...>(
      name,
      [](Interpreter& in, Level& level, const Node& node) -> Done {
        const auto allowed = Allowed();
        for (std::size_t i = 1; i < node.words.size(); ++i) {
          if (std::find(allowed.begin(), allowed.end(), node.words[i]) == allowed.end())
            return fail(Error(fmt::format("invalid value \"{}\"", node.words[i])));
          if (std::find(node.words.begin() + 1, node.words.begin() + static_cast<std::ptrdiff_t>(i), node.words[i]) !=
              node.words.begin() + static_cast<std::ptrdiff_t>(i))
            in.warn(node.place, fmt::format("duplicate value \"{}\"", node.words[i]));
        }
        return take(in, node, setting_at<Path...>(level));
      },
      fallback, help);
}

}  // namespace tierce::config::nginx
