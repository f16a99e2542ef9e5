// uWSGI's routes: what is looked at, what must hold, what is done then. Their texts are split once, here, into
// what stands there and what a request puts in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tierce::config {

struct RoutePart {
  enum class Kind : std::uint8_t {
    kText,
    kGroup,     // $0 to $9: of the expression that has matched.
    kVariable,  // ${NAME}
    kQuery,     // ${qs[NAME]}
    kCookie,    // ${cookie[NAME]}
  };
  Kind kind = Kind::kText;
  std::string text;  // Or the name.
  std::size_t group = 0;
};
using RouteText = std::vector<RoutePart>;

// Fails for a ${function[...]} that is not known.
Result<RouteText> parse_route_text(std::string_view text);

struct Route {
  enum class Condition : std::uint8_t {
    kAlways,
    kMatches,  // `left` matches the regular expression `pattern`.
    kEmpty,
    kExists,
    kIsFile,
    kIsDirectory,
    kIsLink,
    kIsExecutable,
    kEqual,
    kStartsWith,
    kEndsWith,
    kContains,
    kHigher,  // As numbers.
    kHigherOrEqual,
    kLower,
    kLowerOrEqual,
    kInNetwork,
  };
  Condition condition = Condition::kAlways;
  bool negated = false;
  RouteText left, right;
  std::string pattern;

  enum class Action : std::uint8_t {
    kContinue,  // No further route.
    kBreak,     // Answers with this status and nothing else.
    kReturn,    // The same, with a text.
    kRedirect,
    kRedirectPermanent,
    kAddHeader,
    kRemoveHeader,
    kAddVariable,
    kSetUser,
    kDoNotLog,
    kLog,
    kLogVariable,
    kStatic,
    kBasicAuth,
    kBasicAuthNext,  // A wrong password is left to the next route.
  };
  Action action = Action::kContinue;
  RouteText argument;
  // kStatic: the directory the file must lie below, as far as the configuration names it; `argument` is the rest.
  std::string root;
  // kBasicAuth: "user:password", or the path of a file of such lines.
  std::string realm, credentials, password_file;
};

}  // namespace tierce::config
