// Times along the chain: who waits for whom, and who gives up first.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <optional>

#include "check/rules.h"

namespace tierce::check {
namespace {

using config::nginx::Node;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kReadTimeout = seconds(60);
constexpr milliseconds kUpstreamKeepalive = seconds(60);

std::string in_seconds(milliseconds time) {
  return time % seconds(1) == milliseconds(0) ? fmt::format("{} s", time / seconds(1))
                                              : fmt::format("{} ms", time.count());
}

std::string at(const Chain& chain, const Place& place) {
  return fmt::format("{}:{}", chain.image->shown(place.file), place.line);
}

// What a request may take in the application before it is ended; 0: any time.
milliseconds request_limit(const App& app) { return app.settings.edge.request_timeout; }

// "harakiri", "timeout"
const char* limit_name(const App& app) { return app.gunicorn ? "timeout" : "harakiri"; }

void check_reading(Chain& chain, const Pass& pass) {
  if (pass.app == nullptr) return;
  const milliseconds limit = request_limit(*pass.app);
  const std::string directive = pass.directive("read_timeout");
  const milliseconds patience = time_of(*pass.scope, directive, kReadTimeout);
  if (limit == milliseconds(0) || limit <= patience) return;
  const Node* said = pass.scope->effective(directive);
  const Place edge = chain.place_in(*pass.edge, (said != nullptr ? said : pass.statement)->place);
  const auto place = pass.app->place_of("harakiri", "timeout");
  chain.say(Severity::kWarning, "times-read", place.value_or(pass.app->start),
            fmt::format("{} {} is longer than nginx waits ({} {}, {}): the client gets 504 while the work goes on",
                        limit_name(*pass.app), in_seconds(limit), directive, in_seconds(patience),
                        said != nullptr ? at(chain, edge) : "the default"),
            fmt::format("{} {}s;", directive, limit / seconds(1) + 5));
}

// nginx keeps connections open that the application closes first.
void check_keepalive(Chain& chain, const Pass& pass) {
  if (pass.app == nullptr || pass.upstream == nullptr || !pass.app->gunicorn) return;
  const Node* kept = pass.upstream->own("keepalive");
  if (kept == nullptr) return;
  const milliseconds edge = time_of(*pass.upstream, "keepalive_timeout", kUpstreamKeepalive);
  const milliseconds app = pass.app->settings.edge.keepalive_timeout;
  if (app >= edge) return;
  chain.say(Severity::kWarning, "times-keepalive", chain.place_in(*pass.edge, kept->place),
            fmt::format("nginx keeps idle connections for {}, but {} closes them after {}: a request may meet the end",
                        in_seconds(edge), pass.app->name, in_seconds(app)),
            fmt::format("keepalive_timeout {}ms; here, or a longer keepalive of Gunicorn", (app / 2).count()));
}

void check_stopping(Chain& chain, const App& app) {
  if (!app.started) return;
  const seconds patience(app.started->process.stopwaitsecs);
  const auto* section = app.started->section;
  const auto* said = section == nullptr ? nullptr : section->find("stopwaitsecs");
  const auto graceful = app.place_of("worker-reload-mercy", "graceful_timeout");
  const milliseconds mercy = app.settings.edge.graceful_timeout;
  const Place place = said != nullptr      ? Place{said->place.file, said->place.line}
                      : section != nullptr ? Place{section->place.file, section->place.line}
                                           : app.start;
  const char* name = app.gunicorn ? "graceful_timeout" : "worker-reload-mercy";
  if (patience < mercy && (graceful || (said != nullptr && app.gunicorn))) {
    chain.say(
        Severity::kWarning, "times-stop", place,
        fmt::format("stopwaitsecs {} is shorter than {} {}: supervisord kills {} while it still finishes requests",
                    patience.count(), name, in_seconds(mercy), app.name),
        fmt::format("stopwaitsecs={}", mercy / seconds(1) + 5));
    return;
  }
  const milliseconds limit = request_limit(app);
  if (app.started->made) {
    if (limit > patience)
      chain.say(Severity::kNote, "times-stop", app.place_of("harakiri", "timeout").value_or(app.start),
                fmt::format("{} {} is longer than the {} s that a stop waits: a request that takes that long does not "
                            "survive a stop",
                            limit_name(app), in_seconds(limit), patience.count()));
    return;
  }
  if (limit > patience && (said != nullptr || app.place_of("harakiri", "timeout"))) {
    chain.say(
        Severity::kNote, "times-stop", place,
        fmt::format("stopwaitsecs {} is shorter than {} {}: a request that takes that long does not survive a stop",
                    patience.count(), limit_name(app), in_seconds(limit)),
        fmt::format("stopwaitsecs={}", limit / seconds(1) + 5));
  }
}

// The longest that one request of the edge may take, as far as somebody says it.
std::optional<milliseconds> longest_request(const EdgePasses& each) {
  std::optional<milliseconds> longest;
  for (const Pass& pass : each.passes) {
    const std::string directive = pass.directive("read_timeout");
    milliseconds time{0};
    if (pass.app != nullptr && request_limit(*pass.app) != milliseconds(0)) {
      time = request_limit(*pass.app);
    } else if (pass.scope->effective(directive) != nullptr) {
      time = time_of(*pass.scope, directive, kReadTimeout);
    }
    if (time != milliseconds(0)) longest = std::max(longest.value_or(time), time);
  }
  return longest;
}

// The edge's own graceful stop.
void check_edge_stopping(Chain& chain, const EdgePasses& each) {
  const auto& started = each.edge->started;
  if (!started || started->made || started->process.stopsignal != SIGQUIT) return;
  const auto longest = longest_request(each);
  const seconds patience(started->process.stopwaitsecs);
  if (!longest || *longest <= patience) return;
  const auto* section = started->section;
  const auto* said = section == nullptr ? nullptr : section->find("stopwaitsecs");
  const auto& place = said != nullptr ? said->place : started->process.place;
  chain.say(Severity::kNote, "times-stop", {place.file, place.line},
            fmt::format("stopwaitsecs {} is shorter than the {} that a request to {} may take: it does not survive a "
                        "stop",
                        patience.count(), in_seconds(*longest), each.edge->name),
            fmt::format("stopwaitsecs={}", *longest / seconds(1) + 5));
}

// http-timeout and socket-timeout of uWSGI's own router stand before harakiri.
void check_router(Chain& chain, const App& app) {
  if (app.gunicorn) return;
  const auto* line = app.line_of("http-timeout");
  const milliseconds limit = request_limit(app);
  if (line == nullptr || limit == milliseconds(0)) return;
  const milliseconds patience = seconds(std::strtol(line->value.value_or("0").c_str(), nullptr, 10));
  if (patience == milliseconds(0) || patience >= limit) return;
  chain.say(Severity::kWarning, "times-read", *app.place_of("http-timeout", ""),
            fmt::format("http-timeout {} is shorter than harakiri {}: the client is given up while the work goes on",
                        in_seconds(patience), in_seconds(limit)),
            fmt::format("http-timeout = {}", limit / seconds(1) + 5));
}

}  // namespace

void check_times(Chain& chain, const std::vector<EdgePasses>& edges) {
  for (const EdgePasses& each : edges) {
    check_edge_stopping(chain, each);
    for (const Pass& pass : each.passes) {
      check_reading(chain, pass);
      check_keepalive(chain, pass);
    }
  }
  for (const auto& app : chain.apps) {
    check_stopping(chain, *app);
    check_router(chain, *app);
  }
}

}  // namespace tierce::check
