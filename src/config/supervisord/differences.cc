#include "config/supervisord/differences.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "config/supervisord/values.h"

namespace tierce::config::supervisord {
namespace {

struct Entry {
  std::string key;
  std::string text;
};
using Entries = std::vector<Entry>;

std::string quoted(const std::string& text) { return "'" + text + "'"; }
std::string yes_or_no(bool value) { return value ? "true" : "false"; }

std::string text_of(AutoRestart value) {
  if (value == AutoRestart::kUnexpected) return "unexpected";
  return yes_or_no(value == AutoRestart::kAlways);
}

std::string text_of(LogFormat format) {
  if (format == LogFormat::kPlain) return "plain";
  return format == LogFormat::kText ? "text" : "json";
}

std::string text_of(const OutputSettings& output) {
  using Kind = OutputSettings::Kind;
  if (output.kind == Kind::kFile) return output.path;
  if (output.kind == Kind::kAuto) return "AUTO";
  return output.kind == Kind::kNone ? "NONE" : "syslog";
}

void add_output(Entries& out, const std::string& channel, const OutputSettings& output) {
  out.push_back({channel + "_logfile", text_of(output)});
  out.push_back({channel + "_logfile_maxbytes", std::to_string(output.maxbytes)});
  out.push_back({channel + "_logfile_backups", std::to_string(output.backups)});
  out.push_back({channel + "_logfile_daily", yes_or_no(output.daily)});
  out.push_back({channel + "_logfile_compress", yes_or_no(output.compress)});
  out.push_back({channel + "_capture_maxbytes", std::to_string(output.capture_maxbytes)});
  out.push_back({channel + "_events_enabled", yes_or_no(output.events_enabled)});
  out.push_back({channel + "_syslog", yes_or_no(output.syslog)});
}

void add_health(Entries& out, const HealthSettings& health) {
  out.push_back({"health_command", quoted(health.command)});
  out.push_back({"health_url", quoted(health.url)});
  out.push_back({"health_interval", std::to_string(health.interval)});
  out.push_back({"health_timeout", std::to_string(health.timeout)});
  out.push_back({"health_retries", std::to_string(health.retries)});
  out.push_back({"health_start", std::to_string(health.start)});
}

Entries entries_of(const ProcessSettings& process) {
  Entries out = {
      {"command", quoted(process.command)},
      {"directory", quoted(process.directory)},
      {"user", quoted(process.user)},
      {"umask", process.umask ? fmt::format("{:03o}", *process.umask) : "none"},
      {"priority", std::to_string(process.priority)},
      {"autostart", yes_or_no(process.autostart)},
      {"autorestart", text_of(process.autorestart)},
      {"startsecs", std::to_string(process.startsecs)},
      {"startretries", std::to_string(process.startretries)},
      {"exitcodes", fmt::format("{}", fmt::join(process.exitcodes, ","))},
      {"stopsignal", signal_name(process.stopsignal)},
      {"stopwaitsecs", std::to_string(process.stopwaitsecs)},
      {"stopasgroup", yes_or_no(process.stopasgroup)},
      {"killasgroup", yes_or_no(process.killasgroup)},
      {"redirect_stderr", yes_or_no(process.redirect_stderr)},
      {"serverurl", quoted(process.serverurl)},
      {"depends_on", fmt::format("{}", fmt::join(process.depends_on, ","))},
      {"env_file", fmt::format("{}", fmt::join(process.env_files, ","))},
      {"essential", yes_or_no(process.essential)},
      {"log_format", text_of(process.log_format)},
      {"memory_max", std::to_string(process.memory_max)},
      {"cgroup", yes_or_no(process.cgroup)},
      {"kill_orphans", yes_or_no(process.kill_orphans)},
      {"rolling_restart", yes_or_no(process.rolling_restart)},
      {"reload_signal", process.reload_signal != 0 ? signal_name(process.reload_signal) : "none"},
  };
  add_output(out, "stdout", process.out);
  add_output(out, "stderr", process.err);
  add_health(out, process.health);
  return out;
}

void say(std::string line, std::vector<std::string>& out) {
  // The priority of a program alone in its group is that of both.
  if (std::find(out.begin(), out.end(), line) == out.end()) out.push_back(std::move(line));
}

void compare(const Entries& before, const Entries& after, const std::string& prefix, std::vector<std::string>& out) {
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].text != after[i].text)
      say(fmt::format("{}{}: {} -> {}", prefix, before[i].key, before[i].text, after[i].text), out);
  }
}

// Values may be secrets.
void compare_variables(const Pairs& before, const Pairs& after, const std::string& prefix,
                       std::vector<std::string>& out) {
  const std::map<std::string, std::string> old(before.begin(), before.end()), fresh(after.begin(), after.end());
  for (const auto& [name, value] : fresh) {
    const auto there = old.find(name);
    if (there == old.end()) out.push_back(fmt::format("{}environment: {} is new", prefix, name));
    if (there != old.end() && there->second != value)
      out.push_back(fmt::format("{}environment: {} has another value", prefix, name));
  }
  for (const auto& [name, value] : old) {
    if (!fresh.contains(name)) out.push_back(fmt::format("{}environment: {} is gone", prefix, name));
  }
}

void compare_processes(const ProcessSettings& before, const ProcessSettings& after, const std::string& prefix,
                       std::vector<std::string>& out) {
  if (before == after) return;
  compare(entries_of(before), entries_of(after), prefix, out);
  compare_variables(before.environment, after.environment, prefix, out);
  if (before.cron != after.cron) out.push_back(prefix + "cron: another schedule");
}

Entries entries_of(const GroupSettings& group) {
  return {{"priority", std::to_string(group.priority)},
          {"socket", quoted(group.socket.url)},
          {"socket_owner", quoted(group.socket.owner)},
          {"socket_mode", fmt::format("{:04o}", group.socket.mode)},
          {"socket_backlog", std::to_string(group.socket.backlog)},
          {"events", fmt::format("{}", fmt::join(group.events, ","))},
          {"buffer_size", std::to_string(group.buffer_size)}};
}

const ProcessSettings* find(const GroupSettings& group, const std::string& name) {
  const auto found = std::find_if(group.processes.begin(), group.processes.end(),
                                  [&](const ProcessSettings& process) { return process.name == name; });
  return found != group.processes.end() ? &*found : nullptr;
}

}  // namespace

std::vector<std::string> differences(const GroupSettings& before, const GroupSettings& after) {
  std::vector<std::string> out;
  if (before.kind != after.kind) out.emplace_back("it is of another kind");
  compare(entries_of(before), entries_of(after), "", out);
  for (const ProcessSettings& process : after.processes) {
    const std::string prefix = process.name == after.name ? "" : process.name + ": ";
    if (const ProcessSettings* old = find(before, process.name)) {
      compare_processes(*old, process, prefix, out);
    } else {
      out.push_back(process.name + ": new");
    }
  }
  for (const ProcessSettings& process : before.processes) {
    if (find(after, process.name) == nullptr) out.push_back(process.name + ": gone");
  }
  return out;
}

}  // namespace tierce::config::supervisord
