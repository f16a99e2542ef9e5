// Everything a run can be told, whatever language it was written in (run_options.h and gunicorn_settings.h have
// the rows).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/around_settings.h"
#include "config/cheaper_settings.h"
#include "config/edge_settings.h"
#include "config/log_file_settings.h"
#include "config/tls_settings.h"
#include "config/uwsgi_source.h"

namespace tierce::config {

// What the interpreter needs to read a Gunicorn configuration again: it executes the file for its hooks.
struct GunicornSource {
  std::vector<std::string> arguments;
  std::string directory;   // Where the user stood.
  std::string table;       // gunicorn_settings.h
  std::string shown = {};  // What people call the file of -c; "": as it is named there.
};

// As many as a worker's memory has places for (gateway/mailbox_shape.h), some to spare.
inline constexpr std::uint32_t kGreenletsMax = 4000;

struct RunSettings {
  EdgeSettings edge;
  std::string app;            // module:callable
  std::uint32_t workers = 1;  // The most there may be when `cheaper` says how many are needed.
  CheaperSettings cheaper;
  bool cheap = false;  // No worker before the first request.
  std::uint32_t threads = 1;
  bool in_greenlets = false;                 // Of the user's gevent run requests, not threads ...
  std::uint32_t greenlets = 1000;            // ... so many at once in each worker,
  bool monkey_patch = true;                  // ... the standard library patched for them.
  std::chrono::milliseconds hub_timeout{0};  // A worker whose hub does not turn for so long hangs. 0: any
  std::uint32_t at_once() const { return in_greenlets ? greenlets : threads; }  // Requests in one worker.
  std::vector<std::string> binds;
  std::vector<TlsSettings> tls;    // Of the https:// ones among them, in their order; the last for all that follow.
  int backlog = 0;                 // 0: somaxconn
  std::uint64_t max_requests = 0;  // 0: never
  std::uint64_t max_requests_jitter = 0;
  std::chrono::seconds worker_lifetime{0};  // 0: for ever
  std::chrono::seconds worker_lifetime_jitter{0};
  std::uint64_t worker_rss_max = 0;  // Bytes; a worker with more is replaced after its request. 0: any
  std::uint64_t worker_as_max = 0;
  std::uint64_t worker_rss_evil = 0;  // Bytes; killed at once. 0: any
  std::uint64_t worker_as_evil = 0;
  std::uint64_t as_limit = 0;           // RLIMIT_AS of Python's processes. 0: as inherited
  std::uint64_t descriptors_limit = 0;  // RLIMIT_NOFILE. 0: as inherited
  std::chrono::seconds hang_grace{0};   // What a worker whose request is over its time gets before SIGKILL ...
  int hang_signal = 0;                  // ... after this signal. 0: none
  bool reuse_port = false;
  std::string chdir;
  std::vector<std::string> pythonpath;
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;  // Without a value: taken away.
  std::string python_name;     // argv[0] of the interpreter; "": its path
  std::uint32_t optimize = 0;  // 1: -O, 2: -OO
  std::string first_chdir;     // Where everything begins: before paths are looked at.
  std::string chroot;          // Everything but reading the configuration happens in there.
  std::string immediate_user;  // Who the supervisor itself becomes, first of all.
  std::string immediate_group;
  std::vector<std::string> more_groups;
  std::string user;
  std::string group;
  int umask = -1;  // -1: as inherited
  std::string pid_file;
  std::vector<std::string> more_pid_files;
  std::vector<std::string> pid_files_of_user;  // The user may change and remove them.
  std::string title;                           // For ps, of the supervisor; "": as it was called.
  std::string edge_title;
  int ready_fd = -1;  // Told by one byte when the application is imported.
  bool reload = false;
  bool lazy_apps = false;
  std::string python;  // "": the virtual environment's, else python3 on PATH
  std::string name;
  int socket_umask = -1;                   // For the unix sockets alone; -1: umask.
  int socket_mode = -1;                    // Of the unix sockets, whatever the umask; -1: by the umask.
  std::string socket_owner;                // USER[:GROUP] of the unix sockets; "": user and group.
  std::vector<std::string> touch_reload;   // A change of one of these files is a reload.
  bool stop_at_once_by_interrupt = false;  // SIGINT and SIGQUIT do not wait for running requests.
  bool capture_output = false;             // What the application prints goes to the error log, when that is a file.
  bool daemon = false;
  bool daemon_when_ready = false;  // Whoever started us waits for the import.
  bool daemon_keeps_stdio = false;
  std::optional<GunicornSource> gunicorn;
  std::optional<UwsgiSource> uwsgi;
  LogFileSettings log_files;
  AroundSettings around;
  std::vector<std::string> remarks;   // Said in the log at the start.
  std::vector<std::string> warnings;  // What was asked for and is not done: said in the log at the start.
};

// The settings of TLS where there is one certificate for all addresses.
TlsSettings& tls_of(RunSettings& settings);
// One certificate for all, as Gunicorn has it: addresses that name no protocol speak https. Fails for a key without a
// certificate.
Result<void> use_tls(RunSettings& settings);

}  // namespace tierce::config
