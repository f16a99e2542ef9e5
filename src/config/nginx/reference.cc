#include "config/nginx/reference.h"

#include <fmt/format.h>

#include "config/nginx/directive.h"

namespace tierce::config::nginx {
namespace {

struct Named {
  Context context;
  std::string_view name;
};
constexpr Named kContexts[] = {{Context::kMain, "main"},         {Context::kEvents, "events"},
                               {Context::kHttp, "http"},         {Context::kServer, "server"},
                               {Context::kLocation, "location"}, {Context::kIfInServer, "if in server"},
                               {Context::kIfInLocation, "if"},   {Context::kLimitExcept, "limit_except"},
                               {Context::kUpstream, "upstream"}};

std::string places(const Directive& row) {
  std::string out;
  for (const auto& [context, name] : kContexts) {
    if ((row.contexts & static_cast<std::uint16_t>(context)) == 0) continue;
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

// "1 or 2", "1 or more".
std::string word_counts(const Directive& row) {
  std::string out;
  for (int count = 0; count < 8; ++count) {
    if ((row.counts & words(count)) == 0) continue;
    if ((row.counts & kMore) != 0) return fmt::format("{} or more", count);
    out += fmt::format("{}{}", out.empty() ? "" : " or ", count);
  }
  return out;
}

std::string_view value_name(const Directive& row) {
  if (row.block == Block::kDirectives) return "a block";
  if (row.block == Block::kLines) return "a block of lines";
  switch (row.value) {
    case Value::kFlag:
      return "on or off";
    case Value::kNumber:
      return "a number";
    case Value::kSize:
      return "a size: 8k, 1m";
    case Value::kOffset:
      return "a size: 8k, 1m, 1g";
    case Value::kSeconds:
      return "a time: 30, 1h30m";
    case Value::kMilliseconds:
      return "a time: 30, 1h30m, 500ms";
    case Value::kOnce:
      return "once";
    case Value::kAny:
      return "";
  }
  return "";
}

}  // namespace

std::string help_markdown() {
  std::string out =
      "# Directives of `tierce nginx`\n\n"
      "Made from the tables in `src/config/nginx/` by `tierce nginx --help-markdown`. `tierce nginx -t` reads all of "
      "them as "
      "nginx does;\nserving what they say is not built yet.\n\n"
      "| directive | where it may stand | words | what it takes |\n| --- | --- | --- | --- |\n";
  for (const Directive& row : directives())
    out += fmt::format("| `{}` | {} | {} | {} |\n", row.name, places(row), word_counts(row), value_name(row));
  return out;
}

}  // namespace tierce::config::nginx
