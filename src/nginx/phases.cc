#include "nginx/phases.h"

#include <fmt/format.h>

#include "base/regex.h"
#include "nginx/access_rules.h"
#include "nginx/contents.h"
#include "nginx/error_logs.h"
#include "nginx/limits.h"
#include "nginx/paths.h"
#include "nginx/real_address.h"
#include "nginx/responder.h"
#include "nginx/rewrite.h"
#include "nginx/site.h"
#include "nginx/special_pages.h"
#include "nginx/try_files.h"

namespace tierce::nginx {
namespace {

// Of a path that was found too often.
int cycle(Request& request, std::string_view doing, std::string_view where) {
  request.site.error_logs().line(Level::kError, request,
                                 fmt::format("rewrite or internal redirection cycle while {} \"{}\"", doing, where));
  return 500;
}

std::uint64_t body_limit(const Request& request) {
  const auto& most = request.settings->client_max_body_size;
  return most ? static_cast<std::uint64_t>(most->bytes) : 1u << 20;
}

int find_location(Request& request) {
  const auto found = request.server->root.choices.find(request.uri, conf::passes_on);
  if (found.node == nullptr) {
    request.enter_server();
  } else {
    request.enter(*found.node);
    const conf::LocationPattern& pattern = *found.node->pattern;
    if (pattern.kind == conf::LocationPattern::Kind::kRegex && !found.lacks_slash)
      request.take_captures(*pattern.expression.regex, request.uri);
  }
  if (request.settings->internal && !request.internal) return 404;
  const std::uint64_t most = body_limit(request);
  const http::RequestHead& head = request.exchange().head();
  if (most != 0 && head.body == http::BodyKind::kLength && head.content_length > most && !request.body_discarded) {
    request.site.error_logs().line(
        Level::kError, request, fmt::format("client intended to send too large body: {} bytes", head.content_length));
    request.body_discarded = request.body_read = true;  // An error page is no larger for it, and does not get it.
    return 413;
  }
  if (!found.lacks_slash) return kNext;
  std::string with = found.node->pattern->text;
  request.response.restart();
  if (!request.args.empty()) with.append("?").append(request.args);
  request.response.location = std::move(with);
  return 301;
}

// limit_except: for all methods but those it names, its settings hold.
bool apply_limit_except(Request& request) {
  const conf::LimitExcept* except = request.location->limit_except.get();
  if (except == nullptr) return false;
  const auto is_named = [&](std::string_view method) {
    for (const std::string& each : except->methods) {
      if (each == method || (each == "GET" && method == "HEAD")) return true;
    }
    return false;
  };
  if (is_named(request.method_name)) return false;
  request.settings = &except->settings;
  return true;
}

// What a rule says of a request whose expression gave up is not known: it may have been one that keeps it out.
int refuse_undecided(Request& request) {
  request.site.error_logs().line(
      Level::kError, request, fmt::format("a regular expression gave up on \"{}\" (PCRE2's limits): 500", request.uri));
  return 500;
}

// Finds the location and runs its instructions until the path stays as it is.
int choose_location(Request& request, bool location_is_set) {
  for (;;) {
    if (!location_is_set) {
      const int outcome = find_location(request);
      if (Regex::gave_up()) return refuse_undecided(request);
      if (outcome != kNext) return outcome;
    }
    location_is_set = false;
    bool uri_changed = false;
    // A limit_except that holds is a place of its own, without the location's instructions.
    if (apply_limit_except(request)) return kNext;
    const int outcome = run_instructions(request, request.location->instructions, &uri_changed);
    if (Regex::gave_up()) return refuse_undecided(request);
    if (outcome != kNext) return outcome;
    if (!uri_changed) return kNext;
    if (request.redirects_left-- <= 0) return cycle(request, "processing", request.uri);
  }
}

Async<int> one_pass(Request& request, int from) {
  request.inside_if = nullptr;
  static_cast<void>(Regex::gave_up());  // Of others' logs and headers.
  if (from == kRestart) {
    request.enter_server();
    bool uri_changed = false;
    const int outcome = run_instructions(request, request.server->root.instructions, &uri_changed);
    if (Regex::gave_up()) co_return refuse_undecided(request);
    if (outcome != kNext) co_return outcome;
  }
  if (const int outcome = choose_location(request, from == kRestartLocation); outcome != kNext) co_return outcome;
  if (is_outside_alias(request)) co_return 404;
  if (has_limits(request)) {
    if (const int outcome = co_await check_limits(request); outcome != kNext) co_return outcome;
  }
  if (has_access_rules(request)) {
    const int outcome = co_await check_access(request);
    // Who guesses passwords shall not be answered as fast as they can be asked.
    const auto delay = request.settings->auth_delay.value_or(std::chrono::milliseconds(0));
    if (outcome == 401 && delay.count() > 0 && request.parent == nullptr) {
      request.site.error_logs().line(Level::kInfo, request, "delaying unauthorized request");
      if (!co_await pause(request, static_cast<std::uint64_t>(delay.count()))) co_return kClose;
    }
    if (outcome != kNext) co_return outcome;
  }
  if (request.settings->try_files && request.inside_if == nullptr) {
    if (const int outcome = try_files(request); outcome != kNext) co_return outcome;
  }
  co_return co_await answer_with_content(request);
}

}  // namespace

int redirect_internally(Request& request, std::string_view target) {
  if (request.redirects_left-- <= 0) return cycle(request, "internally redirecting to", target);
  const std::size_t mark = target.find('?');
  std::string args(mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1));
  request.uri = std::string(target.substr(0, mark));
  request.valid_location = true;
  request.args = std::move(args);
  request.internal = true;
  request.valid_raw_uri = false;
  return kRestart;
}

int redirect_to_named(Request& request, std::string_view name) {
  if (request.redirects_left-- <= 0) return cycle(request, "redirect to named location", name);
  const conf::Location* found = request.server->root.choices.find_named(name);
  if (found == nullptr) {
    request.site.error_logs().line(Level::kError, request, fmt::format("could not find named location \"{}\"", name));
    return 500;
  }
  request.enter(*found);
  request.internal = true;
  return kRestartLocation;
}

int answer_with_status(Request& request, int status) {
  const conf::LocationSettings& settings = *request.settings;
  // They are for logs alone: the client gets no word.
  if (status == 408 || status == 444 || status == 499) {
    request.response.status = status;
    request.timed_out = status == 444;
    return kClose;
  }
  request.answer_status = -1;  // What goes wrong with an error page is what the client hears of.
  if (request.error_status == 0 || !request.error_page_used) {
    for (const conf::ErrorPage& page : settings.error_pages) {
      const bool named = std::find(page.statuses.begin(), page.statuses.end(), status) != page.statuses.end();
      if (!named || request.redirects_left < 0) continue;
      if (!settings.recursive_error_pages.value_or(false)) request.error_page_used = true;
      return answer_with_error_page(request, page, status);
    }
  }
  make_special_page(request, status);
  return kSend;
}

Async<int> serve(Request& request) {
  find_real_address(request);
  int from = kRestart;
  for (;;) {
    int outcome = request.refused != 0 ? std::exchange(request.refused, 0) : co_await one_pass(request, from);
    if (outcome > 0) outcome = answer_with_status(request, outcome);
    if (outcome > 0) {
      request.answer_status = -1;
      make_special_page(request, outcome);
      outcome = kSend;
    }
    if (outcome == kSend) outcome = co_await send_response(request);
    // What filters have made of it may be a status again: 416, 304.
    if (outcome > 0) {
      outcome = answer_with_status(request, outcome);
      if (outcome == kSend || outcome > 0) outcome = co_await send_response(request);
    }
    if (outcome == kRestart || outcome == kRestartLocation) {
      from = outcome;
      continue;
    }
    co_return outcome;
  }
}

}  // namespace tierce::nginx
