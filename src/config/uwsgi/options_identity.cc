// The options that say who and where the processes are, and under which names they are seen.
#include <fmt/format.h>

#include <array>

#include "config/uwsgi/apply.h"
#include "config/uwsgi/option.h"
#include "config/uwsgi/option_arguments.h"

namespace tierce::config::uwsgi {
namespace {

template <std::string RunSettings::*kMember>
Done text(Applying& a, const Assignment& line) {
  if (text_of(line).empty()) return fail("expects a value");
  a.settings.*kMember = text_of(line);
  return {};
}
template <std::vector<std::string> RunSettings::*kMember>
Done one_more(Applying& a, const Assignment& line) {
  if (text_of(line).empty()) return fail("expects a value");
  (a.settings.*kMember).emplace_back(text_of(line));
  return {};
}

Done daemonize(Applying& a, const Assignment& line) {
  if (text_of(line).empty()) return fail("expects the path of a log");
  a.settings.daemon = true;
  a.settings.capture_output = true;  // There is no other place for what the application prints.
  a.log_to = text_of(line);
  return {};
}
Done daemonize_when_ready(Applying& a, const Assignment& line) {
  a.settings.daemon_when_ready = true;
  return daemonize(a, line);
}

template <std::string Applying::Names::*kMember>
Done name(Applying& a, const Assignment& line) {
  a.names.given = true;
  a.names.*kMember = text_of(line);
  return {};
}
Done name_before_blank(Applying& a, const Assignment& line) {
  a.names.given = true;
  a.names.before = fmt::format("{} ", text_of(line));
  return {};
}
Done auto_name(Applying& a, const Assignment& line) {
  a.names.given = a.names.given || flag(a, line);
  return {};
}

using Names = Applying::Names;
using Settings = RunSettings;

constexpr std::array kRows = {
    honoured("chroot", Argument::kValue, text<&Settings::chroot>,
             "Run in this directory as the root: Python, tierce's own package, logs and sockets are looked for in it."),
    honoured("safe-pidfile", Argument::kValue, one_more<&Settings::more_pid_files>,
             "Write the supervisor's process id here too."),
    honoured("pidfile2", Argument::kValue, one_more<&Settings::pid_files_of_user>,
             "Write the supervisor's process id here; the file is the user's."),
    also("safe-pidfile2", "pidfile2"),
    honoured("daemonize", Argument::kValue, daemonize, "Leave the terminal; all logs into this file.", 'd'),
    honoured("daemonize2", Argument::kValue, daemonize_when_ready,
             "The same, once the application is imported: an import that fails is an exit status."),
    honoured("auto-procname", Argument::kFlag, auto_name,
             "ps shows what each process is: uWSGI master, uWSGI worker 1."),
    honoured("procname", Argument::kValue, name<&Names::all>, "ps shows this name for every process."),
    honoured("procname-master", Argument::kValue, name<&Names::master>, "ps shows this name for the supervisor."),
    honoured("procname-prefix", Argument::kValue, name<&Names::before>, "Before the names that ps shows."),
    honoured("procname-prefix-spaced", Argument::kValue, name_before_blank, "The same and a blank."),
    honoured("procname-append", Argument::kValue, name<&Names::after>, "Behind the names that ps shows."),
    honoured("add-gid", Argument::kValue, one_more<&Settings::more_groups>, "One more group of edge and workers."),
    honoured("immediate-uid", Argument::kValue, text<&Settings::immediate_user>,
             "The supervisor itself becomes this user, before everything else."),
    honoured("immediate-gid", Argument::kValue, text<&Settings::immediate_group>,
             "The supervisor itself becomes this group, before everything else."),
};

}  // namespace

Family identity_options() { return {kRows, {}}; }

void name_processes(const Applying::Names& names, RunSettings& settings) {
  if (!names.given) return;
  const auto title = [&](const std::string& own, const char* otherwise) {
    const std::string& name = !own.empty() ? own : names.all;
    return names.before + (name.empty() ? otherwise : name) + names.after;
  };
  settings.title = title(names.master, "uWSGI master");
  settings.edge_title = title("", "uWSGI edge");
  UwsgiSource& source = *settings.uwsgi;
  source.worker_title_numbered = names.all.empty();
  source.worker_title_before = names.before + (names.all.empty() ? "uWSGI worker " : names.all);
  source.worker_title_after = names.after;
  source.zygote_title = title("", "uWSGI zygote");
}

}  // namespace tierce::config::uwsgi
