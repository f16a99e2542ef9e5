#include "supervisord/process_info.h"

#include <fmt/format.h>
#include <pwd.h>
#include <time.h>

#include <algorithm>

#include "config/supervisord/values.h"
#include "os/clock.h"

namespace tierce::supervisord {
namespace {

std::string log_name(const conf::OutputSettings& output, const std::string& resolved) {
  using Kind = conf::OutputSettings::Kind;
  if (!resolved.empty()) return resolved;
  return output.kind == Kind::kAuto ? "auto" : "none";
}

void add_output(Value::Struct& out, const std::string& channel, const conf::OutputSettings& output,
                const std::string& path) {
  out.emplace_back(channel + "_logfile", log_name(output, path));
  out.emplace_back(channel + "_logfile_backups", output.backups);
  out.emplace_back(channel + "_logfile_maxbytes", static_cast<long>(output.maxbytes));
  out.emplace_back(channel + "_syslog", output.syslog);
  out.emplace_back(channel + "_capture_maxbytes", static_cast<long>(output.capture_maxbytes));
  out.emplace_back(channel + "_events_enabled", output.events_enabled);
}

Value uid_of(const std::string& user) {
  if (user.empty()) return "none";
  if (const auto number = conf::parse_integer(user)) return *number;
  const passwd* entry = ::getpwnam(user.c_str());
  return entry != nullptr ? Value(long{entry->pw_uid}) : Value("none");
}

std::string uptime(long seconds) {
  seconds = std::max(seconds, 0l);
  const long days = seconds / 86400;
  std::string text = fmt::format("{}:{:02d}:{:02d}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
  if (days > 0) text.insert(0, fmt::format("{} day{}, ", days, days == 1 ? "" : "s"));
  return text;
}

}  // namespace

std::string describe(const Process& process) {
  switch (process.state()) {
    case State::kRunning:
      return fmt::format("pid {}, uptime {}{}", process.pid(), uptime(os::wall_seconds() - process.started()),
                         process.health_note());
    case State::kFatal:
    case State::kBackoff:
      if (!process.spawn_error().empty()) return process.spawn_error();
      return fmt::format("unknown error (try \"tail {}\")", process.name());
    case State::kStopped:
    case State::kExited: {
      if (process.started() == 0) return "Not started";
      const std::time_t when = process.stopped();
      tm local{};
      ::localtime_r(&when, &local);
      char text[32];
      ::strftime(text, sizeof text, "%b %d %I:%M %p", &local);
      return text;
    }
    default:
      return "";
  }
}

Value info_of(const Process& process) {
  return Value::Struct{
      {"name", process.name()},
      {"group", process.group()},
      {"start", long{process.started()}},
      {"stop", long{process.stopped()}},
      {"now", long{os::wall_seconds()}},
      {"state", static_cast<int>(process.state())},
      {"statename", name_of(process.state())},
      {"spawnerr", process.spawn_error()},
      {"exitstatus", process.exit_status()},
      {"logfile", process.log_path(false)},
      {"stdout_logfile", process.log_path(false)},
      {"stderr_logfile", process.log_path(true)},
      {"pid", long{process.pid()}},
      {"description", describe(process)},
  };
}

Value config_of(const conf::GroupSettings& group, const conf::ProcessSettings& process, const Group* active) {
  const Process* running = active != nullptr ? active->find(process.name) : nullptr;
  Value::Array codes;
  for (const int code : process.exitcodes) codes.emplace_back(code);
  Value::Struct out = {
      {"autostart", process.autostart},
      {"directory", process.directory.empty() ? "none" : process.directory},
      {"uid", uid_of(process.user)},
      {"command", process.command},
      {"exitcodes", std::move(codes)},
      {"group", group.name},
      {"group_prio", group.priority},
      {"inuse", active != nullptr},
      {"killasgroup", process.killasgroup},
      {"name", process.name},
      {"process_prio", process.priority},
      {"redirect_stderr", process.redirect_stderr},
      {"startretries", process.startretries},
      {"startsecs", process.startsecs},
      {"stopsignal", process.stopsignal},
      {"stopwaitsecs", process.stopwaitsecs},
      {"serverurl", process.serverurl.empty() ? "none" : process.serverurl},
  };
  add_output(out, "stdout", process.out, running != nullptr ? running->log_path(false) : process.out.path);
  add_output(out, "stderr", process.err, running != nullptr ? running->log_path(true) : process.err.path);
  return out;
}

}  // namespace tierce::supervisord
