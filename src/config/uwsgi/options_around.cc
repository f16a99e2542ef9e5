// The options for what runs beside the application or looks at it: daemons, cron jobs, hooks, statistics, the
// fifo of commands.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "config/uwsgi/apply.h"
#include "config/uwsgi/option.h"
#include "config/uwsgi/option_arguments.h"
#include "config/uwsgi/written_value.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;

std::uint32_t seconds_of(string_view text) {
  constexpr std::int64_t kOneYear = 31'536'000;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(number_of(text).value, 0, kOneYear));
}

// "key=value,key=value" with \, for a comma inside a value.
struct Pair {
  std::string key;
  std::string value;
};
std::vector<Pair> pairs_of(string_view text) {
  std::vector<std::string> words(1);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] == ',') {
      words.back() += text[++at];
    } else if (text[at] == ',') {
      words.emplace_back();
    } else {
      words.back() += text[at];
    }
  }
  std::vector<Pair> pairs;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (word.empty()) continue;
    pairs.push_back({word.substr(0, equals), equals == std::string::npos ? "" : word.substr(equals + 1)});
  }
  return pairs;
}

// --- daemons ---

Done attach_daemon(Applying& a, const Assignment& line) {
  if (text_of(line).empty()) return fail("expects a command");
  a.settings.around.daemons.push_back({.command = std::string(text_of(line))});
  return {};
}
Done attach_control_daemon(Applying& a, const Assignment& line) {
  if (text_of(line).empty()) return fail("expects a command");
  a.settings.around.daemons.push_back({.command = std::string(text_of(line)), .essential = true});
  return {};
}

// "PIDFILE[,SECONDS] COMMAND"
Done smart_daemon(Applying& a, const Assignment& line, bool daemonize) {
  const string_view value = text_of(line);
  const std::size_t blank = value.find(' ');
  if (blank == string_view::npos || blank == 0) return fail("expects PIDFILE COMMAND");
  const string_view file = value.substr(0, blank);
  const std::size_t comma = file.find(',');
  DaemonSettings daemon{.command = std::string(trimmed(value.substr(blank + 1))),
                        .pid_file = std::string(file.substr(0, comma)),
                        .daemonize = daemonize};
  if (comma != string_view::npos) daemon.checks = seconds_of(file.substr(comma + 1));
  a.settings.around.daemons.push_back(std::move(daemon));
  return {};
}
Done smart_attach_daemon(Applying& a, const Assignment& line) { return smart_daemon(a, line, false); }
Done smart_attach_daemon2(Applying& a, const Assignment& line) { return smart_daemon(a, line, true); }

Result<int> signal_of(string_view text) {
  const Number number = number_of(text);
  if (!number.whole || number.value <= 0 || number.value >= NSIG)
    return fail(Error(fmt::format("'{}' is no number of a signal", text)));
  return static_cast<int>(number.value);
}

std::vector<std::string> split(string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool is_on(string_view text) { return boolean_of(text).value_or(true); }

Done daemon_key(Applying& a, const Assignment& line, DaemonSettings& daemon, const Pair& pair) {
  const auto& [key, value] = pair;
  if (key == "command" || key == "cmd" || key == "exec") {
    daemon.command = value;
  } else if (key == "pidfile") {
    daemon.pid_file = value;
  } else if (key == "freq") {
    daemon.checks = seconds_of(value);
  } else if (key == "control") {
    daemon.essential = is_on(value);
  } else if (key == "daemonize" || key == "daemon") {
    daemon.daemonize = is_on(value);
  } else if (key == "touch") {
    daemon.touch = split(value, ';');
  } else if (key == "stopsignal" || key == "stop_signal") {
    auto number = signal_of(value);
    if (!number) return fail(std::move(number).error().during(key));
    daemon.stop_signal = *number;
  } else if (key == "reloadsignal" || key == "reload_signal") {
    auto number = signal_of(value);
    if (!number) return fail(std::move(number).error().during(key));
    daemon.reload_signal = *number;
  } else if (key == "stdin") {
    daemon.keeps_stdin = is_on(value);
  } else if (key == "uid") {
    daemon.user = value;
  } else if (key == "gid") {
    daemon.group = value;
  } else if (key == "chdir") {
    daemon.chdir = value;
  } else if (key == "max_throttle") {
    daemon.throttle_max = seconds_of(value);
  } else if (key == "notifypid") {
    daemon.notified = is_on(value);
  } else if (key == "ns_pid" || key == "legion") {
    a.note(line, fmt::format("{}: {} is not supported: the daemon runs without it", line.name, key));
  } else {
    return fail(Error(fmt::format("'{}' is no key of it", key)));
  }
  return {};
}

Done attach_daemon2(Applying& a, const Assignment& line) {
  DaemonSettings daemon;
  for (const Pair& pair : pairs_of(text_of(line))) {
    if (auto done = daemon_key(a, line, daemon, pair); !done) return done;
  }
  if (daemon.command.empty()) return fail("expects cmd=COMMAND");
  if (daemon.daemonize && daemon.pid_file.empty()) return fail("daemonize needs a pidfile");
  a.settings.around.daemons.push_back(std::move(daemon));
  return {};
}

Done daemons_honour_stdin(Applying& a, const Assignment& line) {
  a.daemons_keep_stdin = is_on(text_of(line));
  return {};
}

// --- cron ---

// Five numbers and the command.
Result<CronSettings> crontab_of(string_view text) {
  CronSettings job;
  for (int* field : {&job.rule.minute, &job.rule.hour, &job.rule.day, &job.rule.month, &job.rule.weekday}) {
    text = trimmed(text);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *field);
    if (error != std::errc() || end == text.data() + text.size() || (*end != ' ' && *end != '\t'))
      return fail("expects MINUTE HOUR DAY MONTH WEEKDAY COMMAND; -1 is every, -5 every fifth");
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  job.command = trimmed(text);
  if (job.command.empty()) return fail("expects a command behind the five numbers");
  return job;
}

Done add_cron(Applying& a, const Assignment& line, bool unique) {
  auto job = crontab_of(text_of(line));
  if (!job) return fail(std::move(job).error());
  job->unique = unique;
  a.settings.around.crons.push_back(std::move(*job));
  return {};
}
Done cron(Applying& a, const Assignment& line) { return add_cron(a, line, false); }
Done unique_cron(Applying& a, const Assignment& line) { return add_cron(a, line, true); }

Done cron_key(CronSettings& job, const Pair& pair) {
  struct Field {
    string_view key;
    int* field;
  };
  const Number number = number_of(pair.value);
  for (const Field& each :
       {Field{"minute", &job.rule.minute}, Field{"hour", &job.rule.hour}, Field{"day", &job.rule.day},
        Field{"month", &job.rule.month}, Field{"week", &job.rule.weekday}}) {
    if (each.key != pair.key) continue;
    *each.field = static_cast<int>(std::clamp<std::int64_t>(number.value, -10'000, 10'000));
    return {};
  }
  if (pair.key == "unique") {
    job.unique = is_on(pair.value);
  } else if (pair.key == "harakiri") {
    job.harakiri = seconds_of(pair.value);
    job.own_harakiri = true;
  } else if (pair.key == "legion") {
    return fail("legion: there is no legion");
  } else {
    return fail(Error(fmt::format("'{}' is no key of it", pair.key)));
  }
  return {};
}

// "key=value,... COMMAND", or the command alone: every minute.
Done cron2(Applying& a, const Assignment& line) {
  const string_view value = text_of(line);
  const std::size_t blank = value.find(' ');
  const bool has_keys = value.substr(0, blank).find('=') != string_view::npos;
  CronSettings job;
  if (has_keys) {
    for (const Pair& pair : pairs_of(value.substr(0, blank))) {
      if (auto done = cron_key(job, pair); !done) return done;
    }
  }
  job.command = has_keys ? trimmed(blank == string_view::npos ? string_view() : value.substr(blank)) : value;
  if (job.command.empty()) return fail("expects a command");
  a.settings.around.crons.push_back(std::move(job));
  return {};
}
Done cron_harakiri(Applying& a, const Assignment& line) {
  a.cron_harakiri = seconds_of(text_of(line));
  return {};
}

// --- hooks ---

constexpr string_view kPrefix = "hook-";
constexpr std::array<string_view, 18> kActions = {"exec",   "safeexec", "print",   "log",       "cd",    "chdir",
                                                  "mkdir",  "putenv",   "unlink",  "create",    "creat", "write",
                                                  "writen", "append",   "appendn", "writefifo", "chmod", "exit"};
// Where the process that a hook would change is not the one it runs in.
constexpr std::array<string_view, 5> kPhasesAside = {"post-app", "accepting", "accepting1", "accepting-once",
                                                     "accepting1-once"};

Done add_hook(Applying& a, const Assignment& line, std::string phase, string_view what, std::string touched = {}) {
  const std::size_t colon = what.find(':');
  if (colon == string_view::npos) return fail("expects ACTION:ARGUMENT");
  HookSettings hook{.phase = std::move(phase),
                    .action = std::string(what.substr(0, colon)),
                    .argument = std::string(what.substr(colon + 1)),
                    .touched = std::move(touched)};
  const bool aside = std::find(kPhasesAside.begin(), kPhasesAside.end(), hook.phase) != kPhasesAside.end();
  const bool in_server = !aside && hook.phase != "pre-app" && hook.phase != "touch";
  const bool known = std::find(kActions.begin(), kActions.end(), hook.action) != kActions.end() ||
                     (hook.action == "unix_signal" && in_server);
  if (!known) {
    a.not_done.push_back({line.source, fmt::format("{}: {}: such a hook is not supported here: it does not run",
                                                   line.name, hook.action)});
    return {};
  }
  if (aside && (hook.action == "chdir" || hook.action == "cd" || hook.action == "putenv" || hook.action == "exit"))
    a.note(line, fmt::format("{}: {}: runs in a process of its own and changes nothing in the workers", line.name,
                             hook.action));
  a.settings.around.hooks.push_back(std::move(hook));
  return {};
}
Done hook(Applying& a, const Assignment& line) {
  return add_hook(a, line, std::string(string_view(line.name).substr(kPrefix.size())), text_of(line));
}
// exec-PHASE = COMMAND is hook-PHASE = exec:COMMAND.
Done exec(Applying& a, const Assignment& line) {
  constexpr string_view kExec = "exec-";
  return add_hook(a, line, std::string(string_view(line.name).substr(kExec.size())),
                  fmt::format("exec:{}", text_of(line)));
}
Done when_touched(Applying& a, const Assignment& line, string_view action) {
  const string_view value = text_of(line);
  const std::size_t blank = value.find(' ');
  if (blank == string_view::npos) return fail("expects FILE and what to do");
  return add_hook(a, line, "touch", fmt::format("{}{}", action, trimmed(value.substr(blank))),
                  std::string(value.substr(0, blank)));
}
Done hook_touch(Applying& a, const Assignment& line) { return when_touched(a, line, ""); }
Done touch_exec(Applying& a, const Assignment& line) { return when_touched(a, line, "exec:"); }

// --- statistics and commands ---

Done stats(Applying& a, const Assignment& line) {
  const string_view address = text_of(line);
  if (address.empty()) return fail("expects an address");
  if (address.front() == '@') return fail(Error(fmt::format("'{}': abstract sockets are not supported", address)));
  const bool path = address.find(':') == string_view::npos;
  a.settings.around.stats = path ? fmt::format("unix:{}", address) : std::string(address);
  return {};
}
Done stats_http(Applying& a, const Assignment& line) {
  a.settings.around.stats_http = is_on(text_of(line));
  return {};
}
Done stats_minified(Applying& a, const Assignment& line) {
  a.settings.around.stats_minified = is_on(text_of(line));
  return {};
}
Done stats_no_cores(Applying& a, const Assignment& line) {
  a.settings.around.stats_without_threads = is_on(text_of(line));
  return {};
}
Done master_fifo(Applying& a, const Assignment& line) {
  if (text_of(line).empty()) return fail("expects a path");
  a.settings.around.fifos.emplace_back(text_of(line));
  return {};
}

constexpr std::array kRows = {
    honoured("attach-daemon", Argument::kText, attach_daemon,
             "Keep this command running; it is stopped with the server and started anew by a reload."),
    honoured("attach-control-daemon", Argument::kText, attach_control_daemon,
             "Keep this command running; its end ends the server."),
    honoured("attach-daemon2", Argument::kText, attach_daemon2,
             "Keep a command running: cmd=, pidfile=, freq=, control=, daemonize=, touch=, stopsignal=, reloadsignal=, "
             "stdin=, uid=, gid=, chdir=, max_throttle=, notifypid=."),
    honoured("smart-attach-daemon", Argument::kText, smart_attach_daemon,
             "PIDFILE[,SECONDS] COMMAND: start the command when the file names no living process; it outlives the "
             "server."),
    honoured("smart-attach-daemon2", Argument::kText, smart_attach_daemon2,
             "The same for a command that does not detach itself: the server does, and writes the file."),
    honoured("daemons-honour-stdin", Argument::kFlag, daemons_honour_stdin,
             "Daemons keep standard input; else it is /dev/null."),

    honoured("cron", Argument::kText, cron,
             "MINUTE HOUR DAY MONTH WEEKDAY COMMAND; -1 is every, -N every N-th. What runs at the server's end is "
             "stopped with it."),
    honoured("unique-cron", Argument::kText, unique_cron, "The same, not while the command still runs."),
    honoured("cron2", Argument::kText, cron2, "minute=,hour=,day=,month=,week=,unique=,harakiri= COMMAND."),
    honoured("cron-harakiri", Argument::kValue, cron_harakiri, "Seconds after which a cron command is killed."),

    honoured("hook-asap", Argument::kText, hook, "Run as soon as the configuration is read."),
    honoured("hook-pre-jail", Argument::kText, hook, "Run before the sockets are opened."),
    honoured("hook-post-jail", Argument::kText, hook, "Run before the sockets are opened, after pre-jail."),
    honoured("hook-in-jail", Argument::kText, hook, "Run before the sockets are opened, after post-jail."),
    honoured("hook-as-root", Argument::kText, hook, "Run before the sockets are opened, as the user who started us."),
    honoured("hook-as-user", Argument::kText, hook, "Run before the sockets are opened, as the user of uid and gid."),
    honoured("hook-as-user-atexit", Argument::kText, hook, "Run at the end, as the user of uid and gid."),
    honoured("hook-pre-app", Argument::kText, hook, "Run in the process that is about to load the application."),
    honoured("hook-post-app", Argument::kText, hook, "Run when the application is loaded."),
    honoured("hook-accepting", Argument::kText, hook, "Run before a worker gets requests, beside it."),
    honoured("hook-accepting1", Argument::kText, hook, "Run before the first worker gets requests."),
    honoured("hook-accepting-once", Argument::kText, hook, "Run before a worker gets requests, not for replacements."),
    honoured("hook-accepting1-once", Argument::kText, hook, "Run once before the first worker gets requests."),
    honoured("hook-master-start", Argument::kText, hook, "Run when the server is about to start its processes."),
    honoured("hook-touch", Argument::kText, hook_touch, "FILE ACTION:ARGUMENT: run when the file is touched."),
    honoured("touch-exec", Argument::kText, touch_exec, "FILE COMMAND: run the command when the file is touched."),
    honoured("exec-asap", Argument::kText, exec, "hook-asap = exec:COMMAND"),
    honoured("exec-pre-jail", Argument::kText, exec, "hook-pre-jail = exec:COMMAND"),
    honoured("exec-post-jail", Argument::kText, exec, "hook-post-jail = exec:COMMAND"),
    honoured("exec-in-jail", Argument::kText, exec, "hook-in-jail = exec:COMMAND"),
    honoured("exec-as-root", Argument::kText, exec, "hook-as-root = exec:COMMAND"),
    honoured("exec-as-user", Argument::kText, exec, "hook-as-user = exec:COMMAND"),
    honoured("exec-as-user-atexit", Argument::kText, exec, "hook-as-user-atexit = exec:COMMAND"),
    honoured("exec-pre-app", Argument::kText, exec, "hook-pre-app = exec:COMMAND"),
    honoured("exec-post-app", Argument::kText, exec, "hook-post-app = exec:COMMAND"),

    honoured("stats", Argument::kValue, stats, "Tell whoever connects here how the workers are, in uWSGI's JSON."),
    also("stats-server", "stats"),
    honoured("stats-http", Argument::kFlag, stats_http, "Over HTTP."),
    honoured("stats-minified", Argument::kFlag, stats_minified, "Without blanks."),
    also("stats-min", "stats-minified"),
    honoured("stats-no-cores", Argument::kFlag, stats_no_cores, "Without the threads of each worker."),
    honoured("master-fifo", Argument::kValue, master_fifo,
             "A named pipe for commands: r q Q p + - w c s l L and 0-9 for another pipe; R and W let running requests "
             "finish."),
};

constexpr std::array kLists = {
    Listed{Answer::kNoEffect, "there are no metrics, so the statistics have none", "stats-no-metrics"},
};

}  // namespace

Family around_options() { return {kRows, kLists}; }

void finish_around(Applying& a) {
  AroundSettings& around = a.settings.around;
  for (DaemonSettings& daemon : around.daemons) daemon.keeps_stdin = daemon.keeps_stdin || a.daemons_keep_stdin;
  for (CronSettings& job : around.crons) {
    if (!job.own_harakiri) job.harakiri = a.cron_harakiri;
  }
  if (a.mercy_given)
    around.stop_mercy = static_cast<std::uint32_t>(a.settings.edge.graceful_timeout / std::chrono::seconds(1));
}

}  // namespace tierce::config::uwsgi
