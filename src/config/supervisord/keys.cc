#include "config/supervisord/keys.h"

#include <fmt/format.h>

#include <vector>

#include "base/nearest_name.h"

namespace tierce::config::supervisord {
namespace {

using enum SectionKind;

constexpr SectionRow kSections[] = {
    {kSupervisord, "supervisord", false},
    {kUnixHttpServer, "unix_http_server", false},
    {kInetHttpServer, "inet_http_server", false},
    {kSupervisorctl, "supervisorctl", false},
    {kInclude, "include", false},
    {kRpcInterface, "rpcinterface", true},
    {kGroup, "group", true},
    {kProgram, "program", true},
    {kFcgiProgram, "fcgi-program", true},
    {kEventListener, "eventlistener", true},
};

constexpr Sections kMain = in(kSupervisord);
constexpr Sections kServers = in(kUnixHttpServer) | in(kInetHttpServer);
constexpr Sections kProcesses = in(kProgram) | in(kFcgiProgram) | in(kEventListener);

constexpr KeyRow kKeys[] = {
    {"logfile", kMain, "path", "supervisord.log", "The activity log; NONE for none."},
    {"logfile_maxbytes", kMain, "size", "50MB", "Size at which the activity log is rotated; 0: never."},
    {"logfile_backups", kMain, "number", "10", "Rotated activity logs that are kept."},
    {"logfile_daily", kMain, "boolean", "false", "Ours. Also rotated when a day has begun."},
    {"logfile_compress", kMain, "boolean", "false", "Ours. Rotated ones are compressed: supervisord.log.1.gz."},
    {"loglevel", kMain, "level", "info",
     "Least level that is logged: critical, error, warn, info, debug, trace or blather."},
    {"pidfile", kMain, "path", "supervisord.pid", "The file with the process number."},
    {"umask", kMain, "octal", "022", "The umask of the server."},
    {"nodaemon", kMain, "boolean", "false", "Stay in the foreground."},
    {"silent", kMain, "boolean", "false", "In the foreground: no log lines on standard output."},
    {"minfds", kMain, "number", "1024", "Descriptors that must be available."},
    {"minprocs", kMain, "number", "200", "Processes that must be available."},
    {"nocleanup", kMain, "boolean", "false", "Leave AUTO logs of an earlier run alone."},
    {"childlogdir", kMain, "directory", "", "Where AUTO logs are put; the folder for temporary files if not given."},
    {"user", kMain, "user", "", "Become this user at the start."},
    {"directory", kMain, "directory", "", "Change to this folder when it becomes a daemon."},
    {"strip_ansi", kMain, "boolean", "false", "Remove ANSI escape sequences from the logs of programs."},
    {"environment", kMain, "pairs", "", "Variables for every program: A=\"1\",B=\"2\"."},
    {"identifier", kMain, "text", "supervisor", "The name of this server in its API and in the names of AUTO logs."},

    {"file", in(kUnixHttpServer), "path", "", "The socket."},
    {"chmod", in(kUnixHttpServer), "octal", "0700", "Its mode."},
    {"chown", in(kUnixHttpServer), "user[:group]", "", "Its owner."},
    {"port", in(kInetHttpServer), "address", "", "HOST:PORT, PORT or *:PORT."},
    {"username", kServers, "text", "", "The user name that is asked for."},
    {"password", kServers, "text", "", "Its password, plain or {SHA} and the SHA-1 in hexadecimal."},

    {"serverurl", in(kSupervisorctl), "url", "http://localhost:9001",
     "Where supervisorctl finds the server: unix:///path or http://host:port."},
    {"username", in(kSupervisorctl), "text", "", "As in the server's section."},
    {"password", in(kSupervisorctl), "text", "", "As in the server's section."},
    {"prompt", in(kSupervisorctl), "text", "supervisor", "The prompt of its shell."},
    {"history_file", in(kSupervisorctl), "path", "", "Where its shell keeps what was typed."},

    {"files", in(kInclude), "paths", "", "Files to read too, with wildcards, parted by blanks; relative to this file."},

    {"supervisor.rpcinterface_factory", in(kRpcInterface), "text", "",
     "The module of an interface; the main one is built in, others are not supported."},

    {"programs", in(kGroup), "list", "", "Programs of the group."},
    {"priority", in(kGroup), "number", "999", "Low ones start first and stop last."},

    {"command", kProcesses, "command", "", "What is run. No shell reads it."},
    {"process_name", kProcesses, "text", "%(program_name)s",
     "The name of the process; with numprocs it holds %(process_num)s."},
    {"numprocs", kProcesses, "number", "1", "How many of them."},
    {"numprocs_start", kProcesses, "number", "0", "The first process_num."},
    {"priority", in(kProgram) | in(kFcgiProgram), "number", "999", "Low ones start first and stop last."},
    {"priority", in(kEventListener), "number", "-1", "Low ones start first and stop last."},
    {"autostart", kProcesses, "boolean", "true", "Started with the server."},
    {"autorestart", kProcesses, "true, false, unexpected", "unexpected",
     "Started again after an exit; unexpected: unless its code is among exitcodes."},
    {"startsecs", kProcesses, "seconds", "1", "How long it must stay up to count as started."},
    {"startretries", kProcesses, "number", "3", "Starts that may fail in a row before it is FATAL."},
    {"exitcodes", kProcesses, "numbers", "0", "Expected exit codes."},
    {"stopsignal", kProcesses, "signal", "TERM", "The signal that asks it to stop."},
    {"stopwaitsecs", kProcesses, "seconds", "10", "How long it may take to stop before it is killed."},
    {"stopasgroup", kProcesses, "boolean", "false", "The stop signal goes to its process group."},
    {"killasgroup", kProcesses, "boolean", "", "So does SIGKILL; as stopasgroup if not given."},
    {"user", kProcesses, "user", "", "Run it as this user."},
    {"directory", kProcesses, "directory", "", "Run it in this folder."},
    {"umask", kProcesses, "octal", "", "Run it with this umask."},
    {"redirect_stderr", kProcesses, "boolean", "false", "Its standard error goes where its standard output does."},
    {"stdout_logfile", kProcesses, "log file", "AUTO", "A path, AUTO, NONE or syslog."},
    {"stdout_logfile_maxbytes", kProcesses, "size", "50MB",
     "Size at which it is rotated; 0: never, as for /dev/stdout."},
    {"stdout_logfile_backups", kProcesses, "number", "10", "Rotated ones that are kept."},
    {"stdout_capture_maxbytes", kProcesses, "size", "0", "Most bytes of capture mode; 0: off."},
    {"stdout_events_enabled", kProcesses, "boolean", "false", "PROCESS_LOG_STDOUT events."},
    {"stdout_syslog", kProcesses, "boolean", "false", "Copy the output to syslog."},
    {"stderr_logfile", kProcesses, "log file", "AUTO", "A path, AUTO, NONE or syslog."},
    {"stderr_logfile_maxbytes", kProcesses, "size", "50MB", "Size at which it is rotated; 0: never."},
    {"stderr_logfile_backups", kProcesses, "number", "10", "Rotated ones that are kept."},
    {"stderr_capture_maxbytes", kProcesses, "size", "0", "Most bytes of capture mode; 0: off."},
    {"stderr_events_enabled", kProcesses, "boolean", "false", "PROCESS_LOG_STDERR events."},
    {"stderr_syslog", kProcesses, "boolean", "false", "Copy the errors to syslog."},
    {"environment", kProcesses, "pairs", "", "Variables for it: A=\"1\",B=\"2\"."},
    {"serverurl", kProcesses, "url", "AUTO", "SUPERVISOR_SERVER_URL of the program; AUTO: of our own first server."},

    // Ours: the original takes them for unknown keys, which it ignores.
    {"depends_on", kProcesses, "list", "",
     "Ours. Programs or groups that must be RUNNING before it is started by itself."},
    {"env_file", kProcesses, "paths", "", "Ours. Files with NAME=value lines, read at each start; environment= wins."},
    {"essential", kProcesses, "boolean", "false",
     "Ours. When it is FATAL or has exited for good, the server ends, with its exit code."},
    {"health_command", kProcesses, "command", "",
     "Ours. It is ready when this ends with 0: what depends on it and rolling restarts wait for that. No shell reads "
     "it."},
    {"health_url", kProcesses, "url", "", "Ours. The same with a GET of http://HOST:PORT/PATH, answered 200 to 399."},
    {"health_interval", kProcesses, "seconds", "10", "Ours. Between checks; until the first that is good: 1."},
    {"health_timeout", kProcesses, "seconds", "5", "Ours. How long a check may take."},
    {"health_retries", kProcesses, "number", "3", "Ours. Checks that fail in a row before it is restarted."},
    {"health_start", kProcesses, "seconds", "30", "Ours. How long after its start failed checks do not count."},
    {"memory_max", kProcesses, "size", "0",
     "Ours. Restarted when it and its children use more: by the kernel where we may make cgroups, else by our count of "
     "resident memory every 5 s; 0: no limit."},
    {"cgroup", kProcesses, "boolean", "false",
     "Ours. It runs in a cgroup of its own, where we may make one, and nothing it has started survives its end."},
    {"kill_orphans", kProcesses, "boolean", "true",
     "Ours. When a signal has ended it, or it is started again, what is left of its process group is killed."},
    {"reload_signal", kProcesses, "signal", "",
     "Ours. What `tierce ctl reload NAME` sends it; if not given, it is restarted."},
    {"rolling_restart", kProcesses, "boolean", "false",
     "Ours. `tierce ctl reload` and `update` restart its processes one after the other, each once the one before is "
     "ready."},
    {"cron", kProcesses, "schedule", "",
     "Ours. Started at these times: five fields as in crontab, or @hourly, @daily ... Then autostart and autorestart "
     "are "
     "false and startsecs is 0 if not given."},
    {"log_format", kProcesses, "plain, text, json", "plain",
     "Ours. Lines in its logs get time, name and stream before them, as text or as JSON."},
    {"stdout_logfile_daily", kProcesses, "boolean", "false", "Ours. Also rotated when a day has begun."},
    {"stdout_logfile_compress", kProcesses, "boolean", "false", "Ours. Rotated ones are compressed: x.log.1.gz."},
    {"stderr_logfile_daily", kProcesses, "boolean", "false", "Ours. Also rotated when a day has begun."},
    {"stderr_logfile_compress", kProcesses, "boolean", "false", "Ours. Rotated ones are compressed."},

    {"socket", in(kFcgiProgram), "url", "", "tcp://host:port or unix:///path; becomes the program's standard input."},
    {"socket_backlog", in(kFcgiProgram), "number", "", "Connections that may wait; the system's most if not given."},
    {"socket_owner", in(kFcgiProgram), "user[:group]", "", "The owner of a unix socket."},
    {"socket_mode", in(kFcgiProgram), "octal", "0700", "The mode of a unix socket."},

    {"events", in(kEventListener), "list", "", "Event types it is told of."},
    {"buffer_size", in(kEventListener), "number", "10", "Events that may wait for it."},
    {"result_handler", in(kEventListener), "text", "supervisor.dispatchers:default_handler",
     "Other handlers are not supported: they are Python."},
};

}  // namespace

std::span<const SectionRow> section_rows() { return kSections; }
std::span<const KeyRow> key_rows() { return kKeys; }

std::optional<SectionKind> section_kind(std::string_view section) {
  const std::size_t colon = section.find(':');
  for (const SectionRow& row : kSections) {
    if (row.named ? colon != std::string_view::npos && section.substr(0, colon) == row.name : section == row.name)
      return row.kind;
  }
  return std::nullopt;
}

const KeyRow* find_key(SectionKind kind, std::string_view key) {
  for (const KeyRow& row : kKeys) {
    if ((row.sections & in(kind)) != 0 && row.name == key) return &row;
  }
  return nullptr;
}

std::string_view nearest_key(SectionKind kind, std::string_view key) {
  std::vector<std::string_view> names;
  for (const KeyRow& row : kKeys) {
    if ((row.sections & in(kind)) != 0) names.push_back(row.name);
  }
  return nearest_name(key, names);
}

std::string options_reference() {
  std::string out =
      "# Sections and keys of supervisord.conf\n\n"
      "Written by `tierce supervisord --help-markdown` from the table in src/config/supervisord/keys.cc.\n"
      "A key that is not here is named at the start, with file, line and the nearest known key, and has no effect.\n";
  for (const SectionRow& section : kSections) {
    out += fmt::format("\n## [{}{}]\n\n| key | type | default | |\n|---|---|---|---|\n", section.name,
                       section.named ? ":NAME" : "");
    for (const KeyRow& row : kKeys) {
      if ((row.sections & in(section.kind)) == 0) continue;
      out += fmt::format("| `{}` | {} | {} | {} |\n", row.name, row.type,
                         row.fallback.empty() ? "" : fmt::format("`{}`", row.fallback), row.help);
    }
  }
  return out;
}

}  // namespace tierce::config::supervisord
