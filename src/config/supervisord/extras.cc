#include "config/supervisord/extras.h"

#include <fmt/format.h>

namespace tierce::config::supervisord {
namespace {

Result<LogFormat> parse_log_format(std::string_view text) {
  const std::string word = lower(trimmed(text));
  if (word == "plain") return LogFormat::kPlain;
  if (word == "text") return LogFormat::kText;
  if (word == "json") return LogFormat::kJson;
  return fail(Error(fmt::format("'{}' is not plain, text or json", text)));
}

long at_least(SectionView& view, std::string_view key, long least) {
  const long number = view.integer(key);
  if (number < least) view.wrong(key, fmt::format("{} is less than {}", number, least));
  return number;
}

void read_health(SectionView& view, HealthSettings& health) {
  health.command = trimmed(view.text("health_command"));
  health.url = trimmed(view.text("health_url"));
  health.interval = at_least(view, "health_interval", 1);
  health.timeout = at_least(view, "health_timeout", 1);
  health.retries = at_least(view, "health_retries", 1);
  health.start = at_least(view, "health_start", 0);
  if (!health.command.empty() && !health.url.empty())
    view.wrong("health_url", "health_command and health_url: one of them is enough");
  if (!health.command.empty()) {
    if (auto words = split_command(health.command); !words) view.wrong("health_command", words.error().text());
  }
  if (!health.url.empty() && !health.url.starts_with("http://"))
    view.wrong("health_url", fmt::format("'{}' does not begin with http://", health.url));
}

void read_cron(SectionView& view, ProcessSettings& process) {
  const std::string text = trimmed(view.text("cron"));
  if (text.empty()) return;
  auto schedule = parse_schedule(text);
  if (!schedule) return view.wrong("cron", schedule.error().text());
  process.cron = *schedule;
  // A job starts at its times, ends soon, and is not started again for that.
  if (!view.has("autostart")) process.autostart = false;
  if (!view.has("autorestart")) process.autorestart = AutoRestart::kNever;
  if (!view.has("startsecs")) process.startsecs = 0;
}

}  // namespace

void read_extras(SectionView& view, ProcessSettings& process) {
  process.depends_on = parse_list(view.text("depends_on"));
  for (const std::string& path : parse_list(view.text("env_file"))) process.env_files.push_back(normal_path(path));
  process.essential = view.boolean("essential");
  process.log_format = view.as("log_format", &parse_log_format);
  process.memory_max = view.size("memory_max");
  process.cgroup = view.boolean("cgroup");
  process.kill_orphans = view.boolean("kill_orphans");
  process.rolling_restart = view.boolean("rolling_restart");
  if (!trimmed(view.text("reload_signal")).empty()) process.reload_signal = view.as("reload_signal", &parse_signal);
  read_health(view, process.health);
  read_cron(view, process);
}

}  // namespace tierce::config::supervisord
