#include "nginx/limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "nginx/error_logs.h"
#include "nginx/shared_zones.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

const conf::TextValue* key_of(const Site& site, const std::string& zone) {
  for (const conf::Zone& each : site.model().http.zones) {
    if (each.name == zone) return &each.key;
  }
  return nullptr;
}

// Delays are logged one level below refusals, as nginx does.
Level one_below(Level level) {
  return level == Level::kError ? Level::kWarn : level == Level::kWarn ? Level::kNotice : Level::kInfo;
}

// kNext, or a status; `delay_ms` says how long the request has to wait.
int check_rate(Request& request, std::int64_t* delay_ms) {
  const conf::LocationSettings& settings = *request.settings;
  Site& site = request.site;
  std::vector<RateLimit> limits;
  std::vector<std::string> texts;
  std::vector<std::string> zones;
  for (const conf::LimitRequests& each : settings.limit_requests) {
    RateZone* zone = site.zones().rate(each.zone);
    const conf::TextValue* key = key_of(site, each.zone);
    if (zone == nullptr || key == nullptr) continue;
    limits.push_back({zone, each.burst, each.delay, each.no_delay});
    texts.push_back(site.text(request, *key));
    zones.push_back(each.zone);
  }
  if (limits.empty()) return kNext;
  const std::vector<std::string_view> keys(texts.begin(), texts.end());
  const RateVerdict verdict = check_rates(limits, keys, static_cast<std::int64_t>(site.loop().now_ms()));
  const bool dry = settings.limit_req_dry_run.value_or(false);
  const Level level = level_of(settings.limit_req_log_level.value_or("error"));
  const std::string suffix = dry ? ", dry run" : "";
  using Kind = RateVerdict::Kind;
  switch (verdict.kind) {
    case Kind::kPass:
      // A request without a key is not counted anywhere.
      if (std::all_of(keys.begin(), keys.end(), [](std::string_view key) { return key.empty(); })) return kNext;
      request.limit_req_status = "PASSED";
      return kNext;
    case Kind::kDelay:
      site.error_logs().line(one_below(level), request,
                             fmt::format("delaying request{}, excess: {}.{:03}, by zone \"{}\"", suffix,
                                         verdict.excess / 1000, verdict.excess % 1000, zones[verdict.limit]));
      request.limit_req_status = dry ? "DELAYED_DRY_RUN" : "DELAYED";
      if (!dry) *delay_ms = verdict.delay_ms;
      return kNext;
    case Kind::kReject:
    case Kind::kZoneFull:
      site.error_logs().line(level, request,
                             fmt::format("limiting requests{}, excess: {}.{:03} by zone \"{}\"", suffix,
                                         verdict.excess / 1000, verdict.excess % 1000, zones[verdict.limit]));
      request.limit_req_status = dry ? "REJECTED_DRY_RUN" : "REJECTED";
      return dry ? int{kNext} : static_cast<int>(settings.limit_req_status.value_or(503));
  }
  return kNext;
}

int check_connections(Request& request) {
  const conf::LocationSettings& settings = *request.settings;
  Site& site = request.site;
  for (const conf::LimitConnections& each : settings.limit_connections) {
    ConnectionZone* zone = site.zones().connections(each.zone);
    const conf::TextValue* key_text = key_of(site, each.zone);
    if (zone == nullptr || key_text == nullptr) continue;
    const std::string key = site.text(request, *key_text);
    if (!ConnectionZone::is_limited(key)) continue;
    request.limit_conn_status = "PASSED";
    auto slot = zone->enter(key, each.count);
    if (slot) {
      request.held_slots.push_back(std::move(*slot));
      continue;
    }
    const bool dry = settings.limit_conn_dry_run.value_or(false);
    site.error_logs().line(level_of(settings.limit_conn_log_level.value_or("error")), request,
                           fmt::format("limiting connections{} by zone \"{}\"", dry ? ", dry run," : "", each.zone));
    request.limit_conn_status = dry ? "REJECTED_DRY_RUN" : "REJECTED";
    if (!dry) return static_cast<int>(settings.limit_conn_status.value_or(503));
  }
  return kNext;
}

}  // namespace

// Each once a request: one that is redirected inside has been counted.
Async<int> check_limits(Request& request) {
  if (request.parent != nullptr) co_return kNext;
  if (request.limit_req_status.empty() && !request.settings->limit_requests.empty()) {
    std::int64_t delay_ms = 0;
    if (const int outcome = check_rate(request, &delay_ms); outcome != kNext) co_return outcome;
    if (delay_ms > 0 && !co_await pause(request, static_cast<std::uint64_t>(delay_ms))) co_return kDone;
  }
  if (request.limit_conn_status.empty() && !request.settings->limit_connections.empty())
    co_return check_connections(request);
  co_return kNext;
}

}  // namespace tierce::nginx
