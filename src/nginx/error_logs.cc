#include "nginx/error_logs.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "nginx/paths.h"
#include "nginx/request.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

constexpr auto kNames =
    std::to_array<std::string_view>({"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"});

std::string stamped(std::time_t now, Level level, std::string_view text) {
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char stamp[32];
  const std::size_t bytes = std::strftime(stamp, sizeof stamp, "%Y/%m/%d %H:%M:%S", &parts);
  return fmt::format("{} [{}] {}#{}: {}", std::string_view(stamp, bytes), name_of(level), ::getpid(),
                     ::syscall(SYS_gettid), text);
}

// A client must not end a line of the log or make a terminal do things.
void append_printable(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
}

}  // namespace

std::string_view name_of(Level level) { return kNames[static_cast<std::size_t>(level)]; }

Level level_of(std::string_view word) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == word) return static_cast<Level>(i);
  }
  return word.starts_with("debug") ? Level::kDebug : Level::kError;
}

Result<ErrorLogs::Sinks> ErrorLogs::open_sinks(const std::vector<conf::ErrorLog>& logs) {
  Sinks sinks;
  for (const conf::ErrorLog& log : logs) {
    if (log.target.starts_with("memory:")) continue;  // nginx's is for debuggers.
    const bool named = log.target == "stderr" || log.target.starts_with("syslog:");
    auto target = site_.log_targets().open(named ? log.target : site_.full_path(log.target));
    if (!target) return fail(std::move(target).error());
    sinks.push_back({*target, level_of(log.level)});
  }
  return sinks;
}

Result<void> ErrorLogs::open() {
  std::vector<conf::ErrorLog> logs = site_.model().main.error_logs;
  if (logs.empty()) logs.push_back({site_.default_error_log(), "error"});
  auto sinks = open_sinks(logs);
  if (!sinks) return fail(std::move(sinks).error());
  main_ = std::move(*sinks);
  return {};
}

const ErrorLogs::Sinks& ErrorLogs::sinks_of(const std::vector<conf::ErrorLog>& logs) {
  if (logs.empty()) return main_;
  const auto known = of_settings_.find(&logs);
  if (known != of_settings_.end()) return known->second;
  auto sinks = open_sinks(logs);
  return of_settings_.emplace(&logs, sinks ? std::move(*sinks) : main_).first->second;
}

void ErrorLogs::write(const Sinks& sinks, Level level, std::string_view text) {
  for (const Sink& sink : sinks) {
    if (level <= sink.least) sink.target->write(text, static_cast<int>(level));
  }
}

bool ErrorLogs::wants(Level level, const Request& request) {
  for (const Sink& sink : sinks_of(request.settings->error_logs)) {
    if (level <= sink.least) return true;
  }
  return false;
}

void ErrorLogs::line(Level level, std::string_view text) {
  write(main_, level, stamped(site_.loop().wall(), level, text) + "\n");
}

void ErrorLogs::line(Level level, Request& request, std::string_view text) {
  if (!wants(level, request)) return;
  std::string whole = stamped(site_.loop().wall(), level, "");
  fmt::format_to(std::back_inserter(whole), "*{} ", request.client().peer().connection_number);
  append_printable(whole, text);
  std::string value;
  site_.variable(request, "remote_addr", value);
  fmt::format_to(std::back_inserter(whole), ", client: {}, server: {}", value, first_name(*request.server));
  value.clear();
  site_.variable(request, "request", value);
  whole += ", request: \"";
  append_printable(whole, value);
  whole += '"';
  if (request.parent != nullptr) {
    whole += ", subrequest: \"";
    append_printable(whole, request.uri);
    whole += '"';
  }
  if (!request.upstream.attempts.empty() && !request.pass_url.empty()) {
    whole += ", upstream: \"";
    append_printable(whole, request.pass_url);
    whole += '"';
  }
  for (const auto& [name, field] : {std::pair("host", "host"), std::pair("referrer", "referer")}) {
    const std::string_view sent = request.field(field);
    if (sent.empty()) continue;
    fmt::format_to(std::back_inserter(whole), ", {}: \"", name);
    append_printable(whole, sent);
    whole += '"';
  }
  whole += '\n';
  write(sinks_of(request.settings->error_logs), level, whole);
}

}  // namespace tierce::nginx
