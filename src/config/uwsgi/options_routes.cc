// Options that route requests before the application sees them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/nearest_name.h"
#include "base/regex.h"
#include "config/uwsgi/option_arguments.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;
using Action = Route::Action;
using Condition = Route::Condition;

template <typename Value, std::size_t size>
using Names = std::array<std::pair<string_view, Value>, size>;

constexpr Names<Action, 21> kActions = {{{"continue", Action::kContinue},
                                         {"last", Action::kContinue},
                                         {"break", Action::kBreak},
                                         {"return", Action::kReturn},
                                         {"break-with-status", Action::kReturn},
                                         {"redirect", Action::kRedirect},
                                         {"redirect-302", Action::kRedirect},
                                         {"redirect-permanent", Action::kRedirectPermanent},
                                         {"redirect-301", Action::kRedirectPermanent},
                                         {"addheader", Action::kAddHeader},
                                         {"delheader", Action::kRemoveHeader},
                                         {"remheader", Action::kRemoveHeader},
                                         {"addvar", Action::kAddVariable},
                                         {"setuser", Action::kSetUser},
                                         {"donotlog", Action::kDoNotLog},
                                         {"log", Action::kLog},
                                         {"logvar", Action::kLogVariable},
                                         {"static", Action::kStatic},
                                         {"basicauth", Action::kBasicAuth},
                                         {"basicauth-next", Action::kBasicAuthNext},
                                         {"donotoffload", Action::kContinue}}};

// What else uWSGI 2.0 has without a plugin.
constexpr string_view kOtherActions =
    "goto clearheaders resetheaders disableheaders signal send send-crnl chdir setapp sethome setfile "
    "setscriptname setmethod seturi setremoteaddr setpathinfo fixpathinfo setdocroot setscheme setprocname "
    "alarm setmodifier1 setmodifier2 flush fixcl forcecl harakiri call rpc rpcret rpcblob rpcnext rpcraw "
    "rpcvar uwsgi proxyuwsgi rewrite rewrite-last http httpdumb proxyhttp httpconnect cache cache-continue "
    "cachevar cacheset cachestore cache-store cacheinc cachedec cachemul cachediv static-next file file-next "
    "sendfile fastfile sendfile-next fastfile-next symcall tofile symcall-next to-file gzip chunked offload "
    "memcached memcached-continue redis memcached-store redis-continue memcachedstore redisstore redis-store "
    "hash expires metricinc metricdec metricmul metricdiv metricset proxyhttpconnect template + - * /";

// "" of a name that uWSGI has, or that a plugin may bring.
string_view meant_action(string_view name) {
  std::vector<string_view> all;
  for (string_view rest = kOtherActions; !rest.empty();) {
    all.push_back(rest.substr(0, rest.find(' ')));
    rest.remove_prefix(std::min(all.back().size() + 1, rest.size()));
  }
  for (const auto& [known, action] : kActions) all.push_back(known);
  return std::find(all.begin(), all.end(), name) != all.end() ? string_view() : nearest_name(name, all);
}

constexpr Names<Condition, 26> kConditions = {{{"exists", Condition::kExists},
                                               {"isfile", Condition::kIsFile},
                                               {"isdir", Condition::kIsDirectory},
                                               {"islink", Condition::kIsLink},
                                               {"isexec", Condition::kIsExecutable},
                                               {"equal", Condition::kEqual},
                                               {"isequal", Condition::kEqual},
                                               {"eq", Condition::kEqual},
                                               {"==", Condition::kEqual},
                                               {"startswith", Condition::kStartsWith},
                                               {"endswith", Condition::kEndsWith},
                                               {"regexp", Condition::kMatches},
                                               {"re", Condition::kMatches},
                                               {"empty", Condition::kEmpty},
                                               {"contains", Condition::kContains},
                                               {"contain", Condition::kContains},
                                               {"ishigher", Condition::kHigher},
                                               {">", Condition::kHigher},
                                               {"ishigherequal", Condition::kHigherOrEqual},
                                               {">=", Condition::kHigherOrEqual},
                                               {"islower", Condition::kLower},
                                               {"<", Condition::kLower},
                                               {"islowerequal", Condition::kLowerOrEqual},
                                               {"<=", Condition::kLowerOrEqual},
                                               {"ipv4in", Condition::kInNetwork},
                                               {"ipv6in", Condition::kInNetwork}}};

template <typename Value, std::size_t size>
std::optional<Value> named(const Names<Value, size>& names, string_view name) {
  const auto at = std::find_if(names.begin(), names.end(), [name](const auto& each) { return each.first == name; });
  return at == names.end() ? std::nullopt : std::optional(at->second);
}

// Of what a rule is about, when only that part of it is not supported.
bool guards(string_view action) {
  for (const string_view word : {"auth", "access", "hash", "spnego", "radius", "ldap"}) {
    if (action.find(word) != string_view::npos) return true;
  }
  return false;
}

Done put(RouteText& into, string_view text) {
  auto parts = parse_route_text(text);
  if (!parts) return fail(std::move(parts).error());
  into = std::move(*parts);
  return {};
}

// "/srv/files/$1": what the configuration names up to a slash is the directory that nothing leads out of.
Done split_file(Route& route, string_view path) {
  if (!path.starts_with('/') && !path.starts_with('$')) {
    return fail(Error(fmt::format("static: expects an absolute path, got '{}'", path)));
  }
  const std::size_t slash = path.substr(0, path.find('$')).rfind('/');
  route.root = slash == string_view::npos ? "/" : path.substr(0, slash + 1);
  return put(route.argument, path.substr(slash + 1));
}

// "realm,user:password" or "realm,/path/to/htpasswd"
Done split_credentials(Route& route, string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == string_view::npos || comma + 1 == text.size()) {
    return fail(Error(fmt::format("basicauth: expects REALM,USER:PASSWORD or REALM,FILE, got '{}'", text)));
  }
  const string_view known = text.substr(comma + 1);
  route.realm = text.substr(0, comma);
  (known.find(':') == string_view::npos ? route.password_file : route.credentials) = known;
  return {};
}

Done read_argument(Route& route, string_view name, string_view argument) {
  switch (route.action) {
    case Action::kStatic:
      return split_file(route, argument);
    case Action::kBasicAuth:
    case Action::kBasicAuthNext:
      return split_credentials(route, argument);
    case Action::kAddHeader:
      if (argument.find(':') == string_view::npos) {
        return fail(Error(fmt::format("{}: expects NAME: VALUE, got '{}'", name, argument)));
      }
      break;
    case Action::kAddVariable:
    case Action::kLogVariable:
      if (const std::size_t equals = argument.find('='); equals == string_view::npos || equals == 0) {
        return fail(Error(fmt::format("{}: expects NAME=VALUE, got '{}'", name, argument)));
      }
      break;
    default:
      break;
  }
  return put(route.argument, argument);
}

// "ACTION:ARGUMENT"
Done add(Applying& a, const Assignment& line, string_view text, Route route) {
  const std::size_t colon = text.find(':');
  if (colon == string_view::npos) return fail(Error(fmt::format("expects ACTION:ARGUMENT, got '{}'", text)));
  const string_view name = text.substr(0, colon);
  const auto action = named(kActions, name);
  if (!action) {
    if (guards(name)) {
      return fail(Error(
          fmt::format("the action '{}' is not supported, and without it the rule would let everybody pass", name)));
    }
    // As in uWSGI: the rule may be one that the site needs.
    if (const string_view meant = meant_action(name); !meant.empty())
      return fail(Error(fmt::format("there is no action '{}' (did you mean {}?)", name, meant)));
    a.not_done.push_back(
        {line.source, fmt::format("{}: the action '{}' is not supported: the rule is left out", line.name, name)});
    return {};
  }
  if (name == "donotoffload") return {};  // Files never occupy a worker.
  route.action = *action;
  if (auto read = read_argument(route, name, text.substr(colon + 1)); !read) return read;
  a.settings.edge.routes.push_back(std::move(route));
  return {};
}

// "REGEX ACTION:ARGUMENT"
template <const char* variable>
Done match(Applying& a, const Assignment& line) {
  const string_view value = text_of(line);
  const std::size_t blank = value.find(' ');
  if (blank == string_view::npos) return fail(Error(fmt::format("expects REGEX ACTION:ARGUMENT, got '{}'", value)));
  Route route{.condition = Condition::kMatches, .pattern = std::string(value.substr(0, blank))};
  route.left = {{RoutePart::Kind::kVariable, variable}};
  if (auto regex = Regex::compile(route.pattern); !regex) return fail(std::move(regex).error());
  return add(a, line, value.substr(blank + 1), std::move(route));
}
constexpr char kPath[] = "PATH_INFO", kUri[] = "REQUEST_URI", kHost[] = "HTTP_HOST", kQuery[] = "QUERY_STRING",
               kAddress[] = "REMOTE_ADDR", kAgent[] = "HTTP_USER_AGENT", kReferer[] = "HTTP_REFERER",
               kUser[] = "REMOTE_USER";

Done route_always(Applying& a, const Assignment& line) { return add(a, line, text_of(line), {}); }

bool takes_two(Condition condition) { return condition == Condition::kMatches || condition >= Condition::kEqual; }

// "CONDITION:OPERANDS ACTION:ARGUMENT"
template <bool negated>
Done condition(Applying& a, const Assignment& line) {
  const string_view value = text_of(line);
  const std::size_t blank = value.find(' ');
  const std::size_t colon = value.substr(0, blank).find(':');
  if (blank == string_view::npos || colon == string_view::npos) {
    return fail(Error(fmt::format("expects CONDITION:OPERANDS ACTION:ARGUMENT, got '{}'", value)));
  }
  const string_view name = value.substr(0, colon), operands = value.substr(colon + 1, blank - colon - 1);
  const auto known = named(kConditions, name);
  if (!known) return fail(Error(fmt::format("the condition '{}' is not supported", name)));
  Route route{.condition = *known, .negated = negated};
  const std::size_t middle = takes_two(*known) ? operands.find(';') : operands.size();
  if (middle == string_view::npos) {
    return fail(Error(fmt::format("{}: expects two operands with ';' between, got '{}'", name, operands)));
  }
  if (auto done = put(route.left, operands.substr(0, middle)); !done) return done;
  const string_view right = operands.substr(std::min(middle + 1, operands.size()));
  if (*known == Condition::kMatches) {
    route.pattern = right;
    if (auto regex = Regex::compile(right); !regex) return fail(std::move(regex).error());
  } else if (auto done = put(route.right, right); !done) {
    return done;
  }
  return add(a, line, value.substr(blank + 1), std::move(route));
}

constexpr std::array kRows = {
    honoured("route", Argument::kText, match<kPath>, "REGEX ACTION:ARGUMENT, for paths that match."),
    honoured("route-uri", Argument::kText, match<kUri>, "The same, for URIs."),
    honoured("route-host", Argument::kText, match<kHost>, "The same, for Host fields."),
    honoured("route-qs", Argument::kText, match<kQuery>, "The same, for query strings."),
    honoured("route-remote-addr", Argument::kText, match<kAddress>, "The same, for addresses of clients."),
    honoured("route-user-agent", Argument::kText, match<kAgent>, "The same, for User-Agent fields."),
    honoured("route-referer", Argument::kText, match<kReferer>, "The same, for Referer fields."),
    honoured("route-remote-user", Argument::kText, match<kUser>,
             "The same, for users that a front server, basicauth or setuser names."),
    honoured("route-run", Argument::kText, route_always, "ACTION:ARGUMENT, for every request."),
    honoured("route-if", Argument::kText, condition<false>,
             "CONDITION:OPERANDS ACTION:ARGUMENT, when the condition holds."),
    honoured("route-if-not", Argument::kText, condition<true>, "The same, when the condition does not hold."),
};

}  // namespace

Family route_options() { return {kRows, {}}; }

}  // namespace tierce::config::uwsgi
