#include "cli/check_command.h"

#include <algorithm>
#include <cstdio>

#include "base/getopt.h"
#include "check/collect.h"
#include "check/rules.h"

namespace tierce::cli {
namespace {

constexpr const char* kUsage =
    "usage: tierce check [--strict] [--format text|json] [--python PATH] FILE...\n\n"
    "Says what is wrong with configurations, each thing with its file, its line and a suggestion (docs/check.md).\n"
    "FILE: of nginx, uWSGI, Gunicorn or supervisord, in any mix; a Dockerfile; a directory of such files. A file of\n"
    "supervisord brings the files of its programs, a Dockerfile those that it copies.\n\n"
    "  --strict          warnings count as errors for the exit status\n"
    "  --format FORMAT   text (FILE:LINE: error: what (suggestion)) or json\n"
    "  --python PATH     the interpreter that reads gunicorn.conf.py\n\n"
    "Exit status: 0 no errors, 1 errors, 2 called wrongly.\n";

constexpr OptionRow kOptions[] = {
    {'\0', "strict", false}, {'\0', "format", true}, {'\0', "python", true}, {'h', "help", false}};

int refuse(const std::string& why) {
  std::fprintf(stderr, "tierce check: %s\n%s", why.c_str(), kUsage);
  return 2;
}

}  // namespace

int check_command(const std::vector<std::string>& arguments) {
  const auto given = read_options(arguments, kOptions);
  if (!given) return refuse(given.error().text());
  bool strict = false, json = false;
  check::CollectOptions options;
  for (const auto& [name, value] : given->options) {
    if (name == "help") return std::fputs(kUsage, stdout), 0;
    if (name == "strict") strict = true;
    if (name == "python") options.python = value;
    if (name == "format" && value != "json" && value != "text") return refuse("--format is text or json");
    if (name == "format") json = value == "json";
  }
  if (given->words.empty()) return refuse("no file is named");
  check::Chain chain = check::collect(given->words, options);
  const auto findings = check::check(chain);
  if (json) {
    std::fputs(check::json_of(findings).c_str(), stdout);
  } else {
    for (const auto& finding : findings) std::puts(check::line_of(finding).c_str());
  }
  const auto counts = strict ? check::Severity::kWarning : check::Severity::kError;
  return std::any_of(findings.begin(), findings.end(), [&](const auto& each) { return each.severity >= counts; }) ? 1
                                                                                                                  : 0;
}

}  // namespace tierce::cli
