// Programs that a supervisor loses or cannot stop.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "check/rules.h"
#include "config/supervisord/keys.h"
#include "config/uwsgi/written_value.h"

namespace tierce::check {
namespace {

Place key_or_section(const StartedBy& started, std::string_view key) {
  if (started.section == nullptr) return {started.process.place.file, started.process.place.line};
  const auto* said = started.section->find(key);
  const auto& place = said != nullptr ? said->place : started.section->place;
  return {place.file, place.line};
}

// uWSGI 2.0 takes TERM for a reload.
void check_term(Chain& chain, const App& app) {
  if (!app.started || app.started->made || app.gunicorn || app.started->process.stopsignal != SIGTERM) return;
  for (const auto& line : app.uwsgi.assignments) {
    const std::string value = line.value.value_or("");
    if (line.name == "die-on-term" && config::uwsgi::boolean_of(value).value_or(true)) return;
    if (line.name.starts_with("hook-") && value.find("unix_signal:15") != std::string::npos) return;
  }
  chain.say(
      Severity::kWarning, "stop-term", key_or_section(*app.started, "stopsignal"),
      fmt::format("[program:{}] is stopped by TERM, which uWSGI takes for a reload: supervisord waits {} s and kills "
                  "it (tierce stops)",
                  app.started->process.program, app.started->process.stopwaitsecs),
      "die-on-term = true in the ini file, or stopsignal=INT");
}

// nginx takes TERM for "at once": what is being answered is cut off.
void check_edge_term(Chain& chain, const Edge& edge) {
  if (!edge.started || edge.started->made || edge.started->process.stopsignal != SIGTERM) return;
  chain.say(Severity::kWarning, "stop-term", key_or_section(*edge.started, "stopsignal"),
            fmt::format("[program:{}] is stopped by TERM, at which nginx ends without finishing what it answers",
                        edge.started->process.program),
            "stopsignal=QUIT");
}

void say_daemon(Chain& chain, const StartedBy& started, const Place& place, const std::string& what,
                const std::string& suggestion) {
  chain.say(
      Severity::kError, "daemonizes", place,
      fmt::format("[program:{}] {}: it goes to the background, and the supervisor takes it for dead and starts it "
                  "again and again",
                  started.process.program, what),
      suggestion);
}

void check_app_daemon(Chain& chain, const App& app) {
  if (!app.started || (!app.settings.daemon && !app.settings.daemon_when_ready)) return;
  const char* option = app.settings.daemon_when_ready ? "daemonize2" : "daemonize";
  say_daemon(chain, *app.started, app.place_of(option, "daemon").value_or(app.start), app.gunicorn ? "daemon" : option,
             app.gunicorn ? "leave daemon away" : "logto instead of daemonize");
}

void check_edge_daemon(Chain& chain, const Edge& edge) {
  if (!edge.started || edge.made.model.main.daemon == std::optional<bool>(false)) return;
  say_daemon(chain, *edge.started, key_or_section(*edge.started, "command"), "nginx without daemon off",
             "daemon off; in the file, or -g 'daemon off;'");
}

// supervisord opens such a log for appending and wants to seek in it.
void check_logs(Chain& chain, const Supervisor& supervisor) {
  for (const auto& section : supervisor.file.sections) {
    const auto kind = config::supervisord::section_kind(section.name);
    if (!kind) continue;
    for (const char* stream : {"stdout", "stderr"}) {
      const std::string name = fmt::format("{}_logfile", stream);
      const auto* file = section.find(name);
      if (file == nullptr || !file->value.starts_with("/dev/") || file->value == "/dev/null") continue;
      const auto* size = section.find(name + "_maxbytes");
      if (size != nullptr && size->value.starts_with('0')) continue;
      chain.say(Severity::kWarning, "log-device", {file->place.file, file->place.line},
                fmt::format("[{}] {}={} is no file that can be rotated: supervisord fails at the first line",
                            section.name, name, file->value),
                name + "_maxbytes=0");
    }
  }
}

// In a container the command is the container.
void check_foreground(Chain& chain, const Supervisor& supervisor) {
  if (!chain.image->is_container() || chain.is_up || supervisor.settings.nodaemon) return;
  const auto& words = chain.dockerfile.command;
  // "-n", "-nc FILE"
  const bool told = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "--nodaemon" || (word.starts_with("-n") && !word.starts_with("--"));
  });
  if (told) return;
  const auto* section = config::supervisord::find_section(supervisor.file, "supervisord");
  chain.say(Severity::kError, "daemonizes", {supervisor.path, section == nullptr ? 0 : section->place.line},
            "supervisord goes to the background, and the container ends", "nodaemon=true");
}

}  // namespace

void check_supervision(Chain& chain) {
  for (const auto& app : chain.apps) {
    check_term(chain, *app);
    check_app_daemon(chain, *app);
  }
  for (const auto& edge : chain.edges) {
    check_edge_term(chain, *edge);
    check_edge_daemon(chain, *edge);
  }
  for (const auto& supervisor : chain.supervisors) {
    check_logs(chain, *supervisor);
    check_foreground(chain, *supervisor);
  }
}

}  // namespace tierce::check
