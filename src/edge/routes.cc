#include "edge/routes.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "edge/basic_auth.h"
#include "http/field_rules.h"
#include "http/response_head.h"

namespace tierce::edge {
namespace {

using config::Route;
using config::RoutePart;
using config::RouteText;
using Action = Route::Action;
using Condition = Route::Condition;
using std::string_view;

constexpr string_view kPlain = "Content-Type: text/plain\r\n";

// A URI built from parts of a decoded path: what cannot stand in one is escaped again.
std::string as_location(string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f) {
      fmt::format_to(std::back_inserter(out), "%{:02X}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

// "name" of the query or cookie string `text`, whose items `between` divides.
string_view item_of(string_view text, string_view name, char between) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(between), text.size());
    const string_view item = http::trim_blanks(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=')
      return item.substr(name.size() + 1);
  }
  return {};
}

ReadyResponse page(int status, string_view reason, string_view fields, string_view text) {
  ReadyResponse response;
  response.status = status;
  response.reason = reason;
  response.fields = fields;
  response.parts.push_back({std::string(text)});
  return response;
}

// "404 Not Found", "404". Without a status uWSGI answers nothing at all.
ReadyResponse status_page(string_view text, Action action) {
  int status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  if (error != std::errc() || status < 200 || status > 599) return page(500, {}, {}, {});
  const string_view known = http::reason_phrase(status);
  string_view reason = http::trim_blanks(text.substr(static_cast<std::size_t>(end - text.data())));
  if (std::any_of(reason.begin(), reason.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; })) reason = {};
  return page(status, reason.empty() ? known : reason, kPlain, action == Action::kReturn ? known : "");
}

std::int64_t number_of(string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool holds_of_file(Condition condition, const std::string& path) {
  struct stat info {};
  switch (condition) {
    case Condition::kIsLink:
      return ::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
    case Condition::kIsExecutable:
      return ::access(path.c_str(), X_OK) == 0;
    default:
      break;
  }
  if (path.find('\0') != std::string::npos || ::stat(path.c_str(), &info) != 0) return false;
  if (condition == Condition::kIsFile) return S_ISREG(info.st_mode);
  return condition == Condition::kIsDirectory ? S_ISDIR(info.st_mode) : true;
}

bool holds_of_two(Condition condition, string_view left, string_view right) {
  switch (condition) {
    case Condition::kStartsWith:
      return left.starts_with(right);
    case Condition::kEndsWith:
      return left.ends_with(right);
    case Condition::kContains:
      return left.find(right) != string_view::npos;
    case Condition::kHigher:
      return number_of(left) > number_of(right);
    case Condition::kHigherOrEqual:
      return number_of(left) >= number_of(right);
    case Condition::kLower:
      return number_of(left) < number_of(right);
    case Condition::kLowerOrEqual:
      return number_of(left) <= number_of(right);
    case Condition::kInNetwork:
      return TrustedPeers({std::string(right)}).contains(left);
    default:
      return left == right;
  }
}

}  // namespace

string_view Routed::user() const {
  const auto named = [](const auto& each) { return each.first == "REMOTE_USER"; };
  const auto last = std::find_if(variables.rbegin(), variables.rend(), named);
  return last == variables.rend() ? string_view() : string_view(last->second);
}

Result<Routes> Routes::create(const std::vector<Route>& routes) {
  Routes made;
  for (const Route& route : routes) {
    Rule& rule = made.rules_.emplace_back(Rule{route, std::nullopt});
    if (route.condition != Condition::kMatches) continue;
    auto regex = Regex::compile(route.pattern);
    if (!regex) return fail(std::move(regex).error());
    rule.pattern = std::move(*regex);
  }
  return made;
}

// The routes on their way through one request.
class Routes::Application {
 public:
  explicit Application(const RouteRequest& request) : request_(request) {}

  enum class Next : std::uint8_t { kRoute, kEnd };
  Next apply(const Rule& rule) {
    pattern_ = nullptr;
    if (holds(rule) == rule.route.negated) return Next::kRoute;
    return act(rule.route);
  }

  Routed take() { return std::move(routed_); }

 private:
  string_view variable(string_view name) const {
    const auto& added = routed_.variables;
    const auto last =
        std::find_if(added.rbegin(), added.rend(), [name](const auto& each) { return each.first == name; });
    return last == added.rend() ? request_.variable(name) : string_view(last->second);
  }

  std::string text_of(const RouteText& text) const {
    std::string out;
    for (const RoutePart& part : text) {
      switch (part.kind) {
        case RoutePart::Kind::kText:
          out += part.text;
          break;
        case RoutePart::Kind::kGroup:
          if (pattern_ != nullptr) out += pattern_->group(subject_, part.group);
          break;
        case RoutePart::Kind::kVariable:
          out += variable(part.text);
          break;
        case RoutePart::Kind::kQuery:
          out += item_of(variable("QUERY_STRING"), part.text, '&');
          break;
        case RoutePart::Kind::kCookie:
          out += item_of(variable("HTTP_COOKIE"), part.text, ';');
          break;
      }
    }
    return out;
  }

  bool holds(const Rule& rule) {
    const Route& route = rule.route;
    if (route.condition == Condition::kAlways) return true;
    std::string left = text_of(route.left);
    if (route.condition == Condition::kMatches) {
      subject_ = std::move(left);
      if (!rule.pattern->matches(subject_)) return false;
      pattern_ = &*rule.pattern;
      return true;
    }
    if (route.condition == Condition::kEmpty) return left.empty();
    if (route.condition < Condition::kEqual) return holds_of_file(route.condition, left);
    return holds_of_two(route.condition, left, text_of(route.right));
  }

  Next answer(ReadyResponse response) {
    routed_.response = std::move(response);
    return Next::kEnd;
  }

  Next act(const Route& route) {
    switch (route.action) {
      case Action::kContinue:
        return Next::kEnd;
      case Action::kBreak:
      case Action::kReturn:
        return answer(status_page(text_of(route.argument), route.action));
      case Action::kRedirect:
      case Action::kRedirectPermanent: {
        const bool permanent = route.action == Action::kRedirectPermanent;
        return answer(page(permanent ? 301 : 302, {},
                           fmt::format("Location: {}\r\n", as_location(text_of(route.argument))),
                           permanent ? "Moved Permanently" : "Moved"));
      }
      case Action::kStatic:
        routed_.root = route.root;
        routed_.file = text_of(route.argument);
        return Next::kEnd;
      case Action::kBasicAuth:
      case Action::kBasicAuthNext:
        return authenticate(route);
      default:
        note(route);
        return Next::kRoute;
    }
  }

  // What does not end the routes.
  void note(const Route& route) {
    std::string text = text_of(route.argument);
    const auto pair = [&] {
      const std::size_t equals = std::min(text.find('='), text.size());
      return std::pair(text.substr(0, equals), text.substr(std::min(equals + 1, text.size())));
    };
    switch (route.action) {
      case Action::kAddHeader:
        return add_header(text);
      case Action::kRemoveHeader:
        std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
        routed_.removed_fields.push_back(std::move(text));
        return;
      case Action::kAddVariable:
        routed_.variables.push_back(pair());
        return;
      case Action::kSetUser:
        routed_.variables.emplace_back("REMOTE_USER", std::move(text));
        return;
      case Action::kLogVariable:
        routed_.log_variables.push_back(pair());
        return;
      case Action::kLog:
        routed_.messages.push_back(std::move(text));
        return;
      default:
        routed_.not_logged = true;
        return;
    }
  }

  void add_header(string_view line) {
    const std::size_t colon = std::min(line.find(':'), line.size());
    const string_view name = line.substr(0, colon);
    const string_view value = http::trim_blanks(line.substr(std::min(colon + 1, line.size())));
    // What a request has made unfit for a header is left out.
    if (http::check_response_field(name, value)) routed_.added_fields += fmt::format("{}: {}\r\n", name, value);
  }

  // uWSGI asks nobody twice: who has a name already passes.
  Next authenticate(const Route& route) {
    if (!variable("REMOTE_USER").empty()) return Next::kRoute;
    const std::string given = basic_credentials(variable("HTTP_AUTHORIZATION"));
    const bool known = route.password_file.empty() ? equal_in_constant_time(given, route.credentials)
                                                   : file_knows(route.password_file, given);
    if (known) {
      routed_.variables.emplace_back("REMOTE_USER", given.substr(0, given.find(':')));
      return Next::kRoute;
    }
    if (!given.empty() && route.action == Action::kBasicAuthNext) return Next::kRoute;
    return answer(page(401, {}, fmt::format("WWW-Authenticate: Basic realm=\"{}\"\r\n", route.realm), "Unauthorized"));
  }

  const RouteRequest& request_;
  Routed routed_;
  const Regex* pattern_ = nullptr;  // That has matched `subject_`.
  std::string subject_;
};

Routed Routes::apply(const RouteRequest& request) const {
  Application application(request);
  for (const Rule& rule : rules_) {
    if (application.apply(rule) == Application::Next::kEnd) break;
  }
  return application.take();
}

}  // namespace tierce::edge
