#include "config/nginx/reference.h"

#include <fmt/format.h>

#include "config/nginx/directive.h"
#include "config/nginx/meaning.h"

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
                               {Context::kUpstream, "upstream"}, {Context::kStream, "stream"},
                               {Context::kMail, "mail"}};

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
  if (row.block == Block::kDirectives || row.block == Block::kForeign) return "a block";
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

// By the first place where it has one.
const Meaning* meaning_for(const Directive& row) {
  for (const Context context : {Context::kMain, Context::kHttp, Context::kUpstream}) {
    constexpr std::uint16_t kOutside = Context::kMain | Context::kEvents, kUpstream = 0 | Context::kUpstream;
    const std::uint16_t of_area =
        context == Context::kMain ? kOutside
        : context == Context::kUpstream
            ? kUpstream
            : static_cast<std::uint16_t>(~(kOutside | kUpstream | Context::kStream | Context::kMail));
    if ((row.contexts & of_area) == 0) continue;
    if (const Meaning* meaning = meaning_of(row.name, area_of(static_cast<std::uint16_t>(context)))) return meaning;
  }
  return nullptr;
}

std::string made_of(const Directive& row) {
  if (row.name == "include") return "The directives of other files, by a name or a pattern.";
  const Meaning* meaning = meaning_for(row);
  if (meaning == nullptr || meaning->answer == Answer::kNotBuiltYet) return "not built yet";
  if (meaning->answer == Answer::kNoEffect) return "no effect: " + meaning->help;
  return meaning->fallback.empty() ? meaning->help : fmt::format("{} `{}`", meaning->help, meaning->fallback);
}

std::string table(bool beyond) {
  std::string out =
      "| directive | where it may stand | words | what it takes | what is made of it, and what holds without it |\n"
      "| --- | --- | --- | --- | --- |\n";
  for (const Directive& row : directives()) {
    if (row.beyond == beyond)
      out += fmt::format("| `{}` | {} | {} | {} | {} |\n", row.name, places(row), word_counts(row), value_name(row),
                         made_of(row));
  }
  return out;
}

}  // namespace

std::string help_markdown() {
  return "# Directives of `tierce nginx`\n\n"
         "Made from the tables in `src/config/nginx/` by `tierce nginx --help-markdown`. `tierce nginx` reads them and "
         "does what "
         "they say as nginx\ndoes. A directive that is not built yet is an error, which names its file and line.\n\n" +
         table(false) + "\n## Later than nginx 1.22, of other modules, and of tierce\n\n" + table(true);
}

}  // namespace tierce::config::nginx
