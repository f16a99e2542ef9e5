#include "nginx/expires.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/nginx/values.h"
#include "http/http_date.h"

namespace tierce::nginx {
namespace {

using config::nginx::Expires;
using Kind = Expires::Kind;

constexpr std::int64_t kDay = 86'400;

std::string date(std::time_t time) {
  char text[http::kHttpDateBytes];
  http::format_http_date(time, text);
  return {text, sizeof text};
}

std::time_t next_time_of_day(std::int64_t seconds, std::time_t now) {
  std::tm local{};
  ::localtime_r(&now, &local);
  local.tm_hour = static_cast<int>(seconds / 3600);
  local.tm_min = static_cast<int>(seconds / 60 % 60);
  local.tm_sec = static_cast<int>(seconds % 60);
  std::tm today = local;
  if (const std::time_t next = std::mktime(&today); next > now) return next;
  ++local.tm_mday;
  return std::mktime(&local);
}

}  // namespace

std::optional<ExpiresFields> expires_fields(const Expires& expires, std::time_t now,
                                            std::optional<std::time_t> modified) {
  const std::int64_t seconds = expires.time.count();
  std::time_t at = 0;
  switch (expires.kind) {
    case Kind::kOff:
    case Kind::kText:
    case Kind::kModifiedText:
      return std::nullopt;
    case Kind::kEpoch:
      return ExpiresFields{"Thu, 01 Jan 1970 00:00:01 GMT", "no-cache"};
    case Kind::kMax:
      return ExpiresFields{"Thu, 31 Dec 2037 23:55:55 GMT", "max-age=315360000"};
    case Kind::kAtTimeOfDay:
      at = next_time_of_day(seconds, now);
      break;
    case Kind::kFromNow:
      at = now + seconds;
      break;
    case Kind::kFromModified:
      at = (seconds == 0 ? now : modified.value_or(now)) + seconds;
      break;
  }
  const bool is_past = seconds < 0 || at < now;
  return ExpiresFields{date(at), is_past ? "no-cache" : fmt::format("max-age={}", at - now)};
}

std::optional<Expires> parse_expires(std::string_view text) {
  Expires expires;
  if (text == "off") return expires;
  if (text == "epoch" || text == "max") {
    expires.kind = text == "max" ? Kind::kMax : Kind::kEpoch;
    return expires;
  }
  const bool of_day = text.starts_with('@'), negative = text.starts_with('-');
  if (of_day || negative || text.starts_with('+')) text.remove_prefix(1);
  const auto time = config::nginx::parse_time(text, false);
  if (!time || (of_day && *time > kDay)) return std::nullopt;
  expires.kind = of_day ? Kind::kAtTimeOfDay : Kind::kFromNow;
  expires.time = std::chrono::seconds(negative ? -*time : *time);
  return expires;
}

bool takes_added_fields(int status) {
  constexpr auto kGood = std::to_array({200, 201, 204, 206, 301, 302, 303, 304, 307, 308});
  return std::find(kGood.begin(), kGood.end(), status) != kGood.end();
}

}  // namespace tierce::nginx
