// alias off by a slash, if that does more than it can, lists that an inner block replaces.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "check/rules.h"

namespace tierce::check {
namespace {

using config::nginx::Node;
using std::string_view;

void check_alias(Chain& chain, const Edge& edge, const Scope& scope) {
  const Node* alias = scope.own("alias");
  if (alias == nullptr || !scope.is("location") || alias->words.size() < 2) return;
  const auto& words = scope.block->words;
  const bool prefix = words.size() == 2 ? !words[1].starts_with('@') : words[1] == "^~";
  if (!prefix) return;
  const std::string& path = words.back();
  const std::string& target = alias->words[1];
  if (path.empty() || target.empty() || target.find('$') != std::string::npos) return;
  if (path.ends_with('/') && !target.ends_with('/')) {
    chain.say(Severity::kError, "alias-slash", chain.place_in(edge, alias->place),
              fmt::format("alias {} of location {}: {}x becomes {}x", target, path, path, target),
              fmt::format("alias {}/;", target));
  } else if (!path.ends_with('/') && target.ends_with('/')) {
    chain.say(Severity::kError, "alias-slash", chain.place_in(edge, alias->place),
              fmt::format("alias {} of location {}: {}../x leads out of the directory, and anybody may ask for it",
                          target, path, path),
              fmt::format("location {}/", path));
  }
}

// What nginx's own rewrite module does at the time an if is looked at is sound within it; all else is another
// location in disguise.
void check_if(Chain& chain, const Edge& edge, const Scope& scope) {
  if (!scope.is("if") || scope.outer == nullptr || scope.outer->is("server")) return;
  constexpr std::array<string_view, 5> kSound = {"return", "rewrite", "set", "break", "rewrite_log"};
  std::vector<string_view> others;
  // It answers by itself: nothing of the location around is asked for.
  if (scope.own("return") != nullptr) return;
  for (const Node& node : *scope.nodes) {
    const string_view name = node.words.front();
    if (std::find(kSound.begin(), kSound.end(), name) == kSound.end() &&
        std::find(others.begin(), others.end(), name) == others.end())
      others.push_back(name);
  }
  if (others.empty()) return;
  chain.say(Severity::kWarning, "if-in-location", chain.place_in(edge, scope.block->place),
            fmt::format("if inside a location with {}: it is a location of its own, which drops what the one around it "
                        "does (try_files, add_header, other ifs)",
                        fmt::join(others, ", ")),
            "a map and a variable, or a location of its own; return and rewrite are sound within if");
}

constexpr std::array<string_view, 6> kLists = {"add_header",    "proxy_set_header", "uwsgi_param",
                                               "fastcgi_param", "scgi_param",       "add_trailer"};

// if ($request_method = OPTIONS) { add_header ...; return 204; }: browsers look at these fields alone.
bool answers_preflight(const Scope& scope) {
  const Node* answer = scope.is("if") ? scope.own("return") : nullptr;
  return answer != nullptr && answer->words.size() > 1 && answer->words[1] == "204";
}

void check_lists(Chain& chain, const Edge& edge, const Scope& scope) {
  for (const string_view list : kLists) {
    const auto own = scope.all_own(list);
    if (own.empty() || scope.outer == nullptr || answers_preflight(scope)) continue;
    const Scope* outer = scope.outer;
    while (outer != nullptr && outer->all_own(list).empty()) outer = outer->outer;
    if (outer == nullptr) continue;
    std::vector<string_view> lost;
    for (const Node* above : outer->all_own(list)) {
      const bool repeated = std::any_of(own.begin(), own.end(), [&](const Node* node) {
        return node->words.size() > 1 && above->words.size() > 1 && node->words[1] == above->words[1];
      });
      if (!repeated && above->words.size() > 1) lost.emplace_back(above->words[1]);
    }
    if (lost.empty()) continue;
    constexpr std::size_t kNamedMax = 4;
    const std::size_t more = lost.size() > kNamedMax ? lost.size() - kNamedMax : 0;
    lost.resize(lost.size() - more);
    const Place above = chain.place_in(edge, outer->all_own(list).front()->place);
    chain.say(list == "add_header" ? Severity::kWarning : Severity::kNote,
              list == "add_header" ? "add-header-lost" : "list-lost", chain.place_in(edge, own.front()->place),
              fmt::format("{} here replaces all of {}:{}: {}{} {} lost in {}", list, chain.image->shown(above.file),
                          above.line, fmt::join(lost, ", "), more == 0 ? "" : fmt::format(" and {} more", more),
                          lost.size() + more == 1 ? "is" : "are", scope.title()),
              "repeat them here, or include a file of them in both places");
  }
}

}  // namespace

void check_locations(Chain& chain, const std::vector<EdgePasses>& edges) {
  for (const EdgePasses& each : edges) {
    for (const auto& scope : each.scopes) {
      check_alias(chain, *each.edge, *scope);
      check_if(chain, *each.edge, *scope);
      check_lists(chain, *each.edge, *scope);
    }
  }
}

}  // namespace tierce::check
