// access_log, error_log, log_format.
#include <array>

#include "config/nginx/log_words.h"
#include "config/nginx/setting.h"
#include "config/nginx/syslog_target.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;
using L = LocationSettings;

constexpr auto kLevels =
    std::to_array<string_view>({"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"});
constexpr string_view kDebugKinds =
    " debug_core debug_alloc debug_mutex debug_event debug_http debug_mail debug_stream ";

// Whether a log goes to syslog, whose words are looked at now.
Result<bool> is_syslog(const std::string& target) {
  if (!target.starts_with("syslog:")) return false;
  if (auto syslog = parse_syslog(target); !syslog) return fail(std::move(syslog).error());
  return true;
}

Done error_log(Interpreter&, Level& level, const Node& node) {
  return take_error_log(node, level.location->error_logs);
}

Done log_format(Interpreter& in, Level& level, const Node& node) {
  LogFormat format{.name = node.words[1], .text = {}};
  const auto& known = level.http->log_formats;
  const bool duplicate = format.name == "combined" || std::any_of(known.begin(), known.end(), [&](const auto& each) {
                           return each.name == format.name;
                         });
  if (duplicate) return fail(Error(fmt::format("duplicate \"log_format\" name \"{}\"", format.name)));
  std::string text;
  for (std::size_t i = 2; i < node.words.size(); ++i) {
    const string_view word = node.words[i];
    if (i == 2 && word.starts_with("escape=")) {
      const string_view how = word.substr(7);
      if (how == "json") {
        format.escape = LogFormat::Escape::kJson;
      } else if (how == "none") {
        format.escape = LogFormat::Escape::kNone;
      } else if (how != "default") {
        return fail(Error(fmt::format("unknown log format escaping \"{}\"", how)));
      }
      continue;
    }
    text += word;
  }
  auto value = in.text(text, node.place);
  if (!value) return fail(std::move(value).error());
  format.text = std::move(*value);
  level.http->log_formats.push_back(std::move(format));
  return {};
}

// What stands behind the format: buffer=, gzip, flush=, if=.
Done log_parameter(Interpreter& in, const Node& node, const std::string& word, AccessLog& log) {
  const auto after = [&](std::size_t count) { return string_view(word).substr(count); };
  if (word.starts_with("buffer=")) {
    const auto size = parse_size(after(7), false);
    if (!size || *size == 0) return fail(Error(fmt::format("invalid buffer size \"{}\"", after(7))));
    log.buffer = ByteCount{*size};
  } else if (word.starts_with("flush=")) {
    const auto time = parse_time(after(6), true);
    if (!time || *time == 0) return fail(Error(fmt::format("invalid flush time \"{}\"", after(6))));
    log.flush = std::chrono::milliseconds(*time);
  } else if (word == "gzip" || word.starts_with("gzip=")) {
    const auto level = word == "gzip" ? std::optional<std::int64_t>(1) : parse_number(after(5));
    if (!level || *level < 1 || *level > 9)
      return fail(Error(fmt::format("invalid compression level \"{}\"", after(5))));
    log.gzip_level = static_cast<int>(*level);
  } else if (word.starts_with("if=")) {
    auto condition = in.text(after(3), node.place);
    if (!condition) return fail(std::move(condition).error());
    log.condition = std::move(*condition);
  } else {
    return fail(Error(fmt::format("invalid parameter \"{}\"", word)));
  }
  return {};
}

Done access_log(Interpreter& in, Level& level, const Node& node) {
  auto& logs = level.location->access_logs;
  if (node.words[1] == "off") {
    logs.emplace();
    if (node.words.size() == 2) return {};
    return fail(Error(fmt::format("invalid parameter \"{}\"", node.words[2])));
  }
  // Beside an "off" at the same level nothing is written.
  const bool off = logs && logs->empty();
  if (!logs) logs.emplace();
  auto path = in.text(node.words[1], node.place);
  if (!path) return fail(std::move(path).error());
  const auto syslog = is_syslog(node.words[1]);
  if (!syslog) return fail(syslog.error());
  AccessLog log{.path = std::move(*path), .format = "combined"};
  log.syslog = *syslog;
  if (node.words.size() > 2) {
    log.format = node.words[2];
    const auto& known = level.http->log_formats;
    const bool is_known = log.format == "combined" || std::any_of(known.begin(), known.end(), [&](const auto& each) {
                            return each.name == log.format;
                          });
    if (!is_known) return fail(Error(fmt::format("unknown log format \"{}\"", log.format)));
  }
  for (std::size_t i = 3; i < node.words.size(); ++i) {
    if (auto done = log_parameter(in, node, node.words[i], log); !done) return done;
  }
  if (log.flush && !log.buffer && log.gzip_level == 0)
    return fail(Error(fmt::format("no buffer is defined for access_log \"{}\"", node.words[1])));
  if (!off) logs->push_back(std::move(log));
  return {};
}

}  // namespace

bool is_log_level(string_view word) { return std::find(kLevels.begin(), kLevels.end(), word) != kLevels.end(); }

Done take_error_log(const Node& node, std::vector<ErrorLog>& into) {
  ErrorLog log{.target = node.words[1], .level = node.words.size() > 2 ? node.words[2] : "error"};
  for (std::size_t i = 2; i < node.words.size(); ++i) {
    const bool debug_kind = kDebugKinds.find(" " + node.words[i] + " ") != string_view::npos;
    if (!is_log_level(node.words[i]) && !debug_kind)
      return fail(Error(fmt::format("invalid log level \"{}\"", node.words[i])));
  }
  if (const auto syslog = is_syslog(log.target); !syslog) return fail(syslog.error());
  into.push_back(std::move(log));
  return {};
}

Meanings log_meanings() {
  return {
      {.name = "log_format",
       .help = "A format of access logs: variables and what stands between them.",
       .apply = log_format},
      setting<&L::access_logs>("access_log", access_log, "", "Where requests are written, in which format, or off."),
      setting<&L::error_logs>("error_log", error_log, "", "Where errors are written, from which level on."),
      setting<&L::log_subrequest>("log_subrequest", "off", "Whether requests that the server makes itself are logged."),
      setting<&L::rewrite_log>("rewrite_log", "off", "Whether what rewriting does is written into the error log."),
  };
}

}  // namespace tierce::config::nginx
