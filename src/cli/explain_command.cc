#include "cli/explain_command.h"

#include <cstdio>

#include "base/getopt.h"
#include "check/collect.h"
#include "check/explain.h"

namespace tierce::cli {
namespace {

constexpr const char* kUsage =
    "usage: tierce explain [--format text|json] [--python PATH] FILE...\n\n"
    "Shows every value that holds for each role, with the line that says it or \"default\", and which addresses tierce "
    "up\n"
    "serves through shared memory. FILE as for tierce check.\n\n"
    "  --format FORMAT   text or json\n"
    "  --python PATH     the interpreter that reads gunicorn.conf.py\n\n"
    "Exit status: 0, 1 when a file cannot be read or has errors (tierce check says all of it), 2 called wrongly.\n";

constexpr OptionRow kOptions[] = {{'\0', "format", true}, {'\0', "python", true}, {'h', "help", false}};

int refuse(const std::string& why) {
  std::fprintf(stderr, "tierce explain: %s\n%s", why.c_str(), kUsage);
  return 2;
}

}  // namespace

int explain_command(const std::vector<std::string>& arguments) {
  const auto given = read_options(arguments, kOptions);
  if (!given) return refuse(given.error().text());
  bool json = false;
  check::CollectOptions options;
  for (const auto& [name, value] : given->options) {
    if (name == "help") return std::fputs(kUsage, stdout), 0;
    if (name == "python") options.python = value;
    if (name == "format" && value != "json" && value != "text") return refuse("--format is text or json");
    if (name == "format") json = value == "json";
  }
  if (given->words.empty()) return refuse("no file is named");
  check::Chain chain = check::collect(given->words, options);
  const auto tables = check::explain(chain);
  std::fputs((json ? check::json_of(tables) : check::text_of(tables)).c_str(), stdout);
  bool wrong = false;
  check::put_in_order(chain.findings);
  for (const auto& finding : chain.findings) {
    if (finding.severity != check::Severity::kError) continue;
    std::fprintf(stderr, "%s\n", check::line_of(finding).c_str());
    wrong = true;
  }
  return wrong ? 1 : 0;
}

}  // namespace tierce::cli
