#include "nginx/expires_field.h"

#include <fmt/format.h>

#include "config/nginx/values.h"
#include "http/http_date.h"
#include "nginx/responder.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

std::string date_text(std::time_t time) {
  char text[http::kHttpDateBytes];
  http::format_http_date(time, text);
  return {text, sizeof text};
}

// A text with variables, read when it is known: "off" where it is nothing.
conf::Expires parse_text(std::string_view value, bool modified) {
  conf::Expires expires;
  if (modified && (value == "epoch" || value == "max")) return expires;
  if (value == "epoch") expires.kind = conf::Expires::Kind::kEpoch;
  if (value == "max") expires.kind = conf::Expires::Kind::kMax;
  if (value.empty() || value == "off" || expires.kind != conf::Expires::Kind::kOff) return expires;
  const bool of_day = value.starts_with('@'), negative = value.starts_with('-');
  if (of_day || negative || value.starts_with('+')) value.remove_prefix(1);
  const auto time = conf::parse_time(value, false);
  if (!time || (of_day && modified)) return expires;
  expires.kind = modified ? conf::Expires::Kind::kFromModified
                 : of_day ? conf::Expires::Kind::kAtTimeOfDay
                          : conf::Expires::Kind::kFromNow;
  expires.time = std::chrono::seconds(negative ? -*time : *time);
  return expires;
}

}  // namespace

void add_expires(Request& request, const conf::Expires& given) {
  using Kind = conf::Expires::Kind;
  const conf::Expires expires = given.kind == Kind::kText ? parse_text(request.site.text(request, given.text), false)
                                : given.kind == Kind::kModifiedText
                                    ? parse_text(request.site.text(request, given.text), true)
                                    : conf::Expires{.kind = given.kind, .time = given.time, .text = {}};
  FieldList& fields = request.response.fields;
  const std::time_t now = request.site.loop().wall();
  const auto say = [&](std::string_view expires_at, std::string_view control) {
    fields.set("Expires", "expires", expires_at);
    fields.set("Cache-Control", "cache-control", control);
  };
  const std::time_t modified = modified_time(request.response);
  std::time_t until = 0;
  switch (expires.kind) {
    case Kind::kOff:
    case Kind::kText:
    case Kind::kModifiedText:
      return;
    case Kind::kEpoch:
      return say("Thu, 01 Jan 1970 00:00:01 GMT", "no-cache");
    case Kind::kMax:
      return say("Thu, 31 Dec 2037 23:55:55 GMT", "max-age=315360000");
    case Kind::kFromNow:
      until = now + expires.time.count();
      // nginx says 0 as a moment that is over.
      if (expires.time.count() == 0) return say(date_text(now), "max-age=0");
      break;
    case Kind::kFromModified:
      if (expires.time.count() == 0) return say(date_text(now), "max-age=0");
      until = (modified < 0 ? now : modified) + expires.time.count();
      break;
    case Kind::kAtTimeOfDay: {
      std::tm day{};
      ::localtime_r(&now, &day);
      day.tm_hour = day.tm_min = day.tm_sec = 0;
      day.tm_isdst = -1;
      until = std::mktime(&day) + expires.time.count();
      if (until <= now) until += 86'400;
      break;
    }
  }
  const std::int64_t age = until - now;
  say(date_text(until), age < 0 ? std::string("no-cache") : fmt::format("max-age={}", age));
}

}  // namespace tierce::nginx
