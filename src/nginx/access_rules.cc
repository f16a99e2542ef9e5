#include "nginx/access_rules.h"

#include <fmt/format.h>

#include "nginx/address_list.h"
#include "nginx/error_logs.h"
#include "nginx/site.h"
#include "nginx/subrequest.h"
#include "nginx/user_file.h"

namespace tierce::nginx {
namespace {

constexpr int kAllowed = 1;  // A rule has said yes; kNext: there is none.

int check_address(Request& request) {
  const conf::LocationSettings& settings = *request.settings;
  if (settings.access.empty()) return kNext;
  std::string text;
  request.site.variable(request, "remote_addr", text);
  const auto ip = parse_ip(text);
  for (const conf::AccessRule& rule : settings.access) {
    bool fits = rule.network == "all";
    if (rule.network == "unix:") {
      fits = text == "unix:";
    } else if (!fits && ip) {
      const auto network = parse_network(rule.network);
      fits = network && network->holds(*ip);
    }
    if (!fits) continue;
    if (rule.allow) return kAllowed;
    if (settings.satisfy != conf::Satisfy::kAny)
      request.site.error_logs().line(Level::kError, request, "access forbidden by rule");
    return 403;
  }
  return kNext;
}

int ask_for_password(Request& request, std::string_view realm) {
  request.response.fields.set("WWW-Authenticate", "www-authenticate", basic_challenge(realm));
  return 401;
}

int check_password(Request& request) {
  const conf::LocationSettings& settings = *request.settings;
  if (!settings.auth_basic || !settings.auth_basic_user_file) return kNext;
  const std::string realm = request.site.text(request, *settings.auth_basic);
  if (realm == "off") return kNext;
  const auto log = [&](Level level, const std::string& text) { request.site.error_logs().line(level, request, text); };
  const auto credentials = parse_basic(request.field("authorization"));
  if (!credentials) {
    log(Level::kInfo, "no user/password was provided for basic authentication");
    return ask_for_password(request, realm);
  }
  const std::string path =
      request.site.path_beside_configuration(request.site.text(request, *settings.auth_basic_user_file));
  switch (check_user_file(path, *credentials)) {
    case UserVerdict::kRight:
      return kAllowed;
    case UserVerdict::kUnknown:
      log(Level::kError, fmt::format("user \"{}\" was not found in \"{}\"", credentials->user, path));
      return ask_for_password(request, realm);
    case UserVerdict::kWrongPassword:
      log(Level::kError, fmt::format("user \"{}\": password mismatch", credentials->user));
      return ask_for_password(request, realm);
    case UserVerdict::kNoFile:
      log(Level::kError, fmt::format("open() \"{}\" failed (2: No such file or directory)", path));
      return 403;
    case UserVerdict::kUnreadable:
      log(Level::kCrit, fmt::format("open() \"{}\" failed", path));
      return 500;
  }
  return 500;
}

// The answer of another location decides: 2xx lets pass, 401 and 403 are its answer.
Async<int> ask_other(Request& request) {
  const conf::LocationSettings& settings = *request.settings;
  if (!settings.auth_request || *settings.auth_request == "off" || request.parent != nullptr) co_return kNext;
  Subrequest asked(request, *settings.auth_request);
  co_await asked.run();
  // What it says is kept under the names that auth_request_set gives.
  for (const conf::Assignment& each : settings.auth_request_set) {
    const Variable& variable = request.site.variables().at(request.site.variables().slot_of(each.variable));
    if (!variable.stored) continue;
    if (request.set.size() <= variable.number) request.set.resize(request.site.variables().stored_count());
    request.set[variable.number] = request.site.text(asked.request(), each.value);
  }
  const int status = asked.request().response.status;
  if (status >= 200 && status < 300) co_return kAllowed;
  if (status == 401) {
    const std::string_view challenge = asked.request().response.fields.get("www-authenticate");
    if (!challenge.empty()) request.response.fields.set("WWW-Authenticate", "www-authenticate", challenge);
    co_return 401;
  }
  if (status == 403) co_return 403;
  request.site.error_logs().line(Level::kError, request, fmt::format("auth request unexpected status: {}", status));
  co_return 500;
}

}  // namespace

bool has_access_rules(const Request& request) {
  const conf::LocationSettings& settings = *request.settings;
  return !settings.access.empty() || settings.auth_basic.has_value() || settings.auth_request.has_value();
}

Async<int> check_access(Request& request) {
  // A subrequest has been let in with the one it belongs to, but for what its own location says.
  const bool any = request.settings->satisfy == conf::Satisfy::kAny;
  int refused = 0;
  for (int step = 0; step < 3; ++step) {
    int said = kNext;
    if (step == 0) {
      said = check_address(request);
    } else if (step == 1) {
      said = check_password(request);
    } else {
      said = co_await ask_other(request);
    }
    if (said == kNext) continue;
    if (said == kAllowed) {
      if (!any) continue;
      request.response.fields.remove("www-authenticate");
      co_return kNext;
    }
    if (!any || (said != 401 && said != 403)) co_return said;
    // Of several refusals the one that asks for a password wins.
    if (refused != 401) refused = said;
  }
  // What any would have satisfied, and nothing did.
  if (refused == 403) request.site.error_logs().line(Level::kError, request, "access forbidden by rule");
  if (refused != 0) co_return refused;
  co_return kNext;
}

}  // namespace tierce::nginx
