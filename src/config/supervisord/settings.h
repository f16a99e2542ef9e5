// A supervisord.conf that has been read.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/supervisord/ini_text.h"
#include "config/supervisord/schedule.h"
#include "config/supervisord/words.h"

namespace tierce::config::supervisord {

enum class AutoRestart : std::uint8_t { kNever, kUnexpected, kAlways };

struct OutputSettings {
  enum class Kind : std::uint8_t { kNone, kAuto, kFile, kSyslog };
  Kind kind = Kind::kAuto;
  std::string path;  // kFile.
  std::uint64_t maxbytes = 0;
  long backups = 0;
  bool daily = false;
  bool compress = false;
  std::uint64_t capture_maxbytes = 0;
  bool events_enabled = false;
  bool syslog = false;
  bool operator==(const OutputSettings&) const = default;
};

// How the lines of a program stand in its logs: as they came, or with time and name before them.
enum class LogFormat : std::uint8_t { kPlain, kText, kJson };

// What tells that a program is ready, not only running. One of command and url, or none.
struct HealthSettings {
  std::string command;
  std::string url;
  // Seconds.
  long interval = 10;
  long timeout = 5;
  long start = 30;  // From the start of the program; until then failures are waited for.
  long retries = 3;
  bool any() const { return !command.empty() || !url.empty(); }
  bool operator==(const HealthSettings&) const = default;
};

struct ProcessSettings {
  std::string name;
  std::string program;  // NAME of its [program:NAME].
  std::string command;
  std::string directory;
  std::string user;
  std::optional<mode_t> umask;
  long priority = 999;
  bool autostart = true;
  AutoRestart autorestart = AutoRestart::kUnexpected;
  long startsecs = 1;
  long startretries = 3;
  std::vector<int> exitcodes;
  int stopsignal = 15;
  long stopwaitsecs = 10;
  bool stopasgroup = false;
  bool killasgroup = false;
  bool redirect_stderr = false;
  OutputSettings out;
  OutputSettings err;
  Pairs environment;
  std::string serverurl;  // "" for AUTO.
  std::vector<std::string> depends_on;
  std::vector<std::string> env_files;
  bool essential = false;
  LogFormat log_format = LogFormat::kPlain;
  HealthSettings health;
  std::uint64_t memory_max = 0;
  bool cgroup = false;
  bool kill_orphans = true;
  bool rolling_restart = false;
  int reload_signal = 0;  // 0: it is restarted.
  std::optional<Schedule> cron;
  Place place;
  bool operator==(const ProcessSettings&) const = default;
};

// The socket that all processes of an fcgi-program share.
struct FcgiSocket {
  std::string url;
  std::string owner;
  mode_t mode = 0700;
  int backlog = -1;
  bool operator==(const FcgiSocket&) const = default;
};

struct GroupSettings {
  enum class Kind : std::uint8_t { kPrograms, kListeners, kFcgi };
  Kind kind = Kind::kPrograms;
  std::string name;
  long priority = 999;
  std::vector<ProcessSettings> processes;  // By priority, then name.
  FcgiSocket socket;                       // kFcgi.
  std::vector<std::string> events;         // kListeners.
  long buffer_size = 10;                   // kListeners.
  bool operator==(const GroupSettings&) const = default;
};

struct HttpServerSettings {
  bool is_unix = false;
  std::string path;  // Unix.
  mode_t mode = 0700;
  std::string owner;
  std::string host;  // Inet; "" for every address.
  std::uint16_t port = 0;
  std::string username;
  std::string password;
  std::string section() const { return is_unix ? "unix_http_server" : "inet_http_server"; }
};

enum class Level : std::uint8_t { kBlather, kTrace, kDebug, kInfo, kWarn, kError, kCritical };

struct Settings {
  std::string config_file;
  std::string here;
  std::string logfile;  // "" for none.
  std::uint64_t logfile_maxbytes = 0;
  long logfile_backups = 10;
  bool logfile_daily = false;
  bool logfile_compress = false;
  Level loglevel = Level::kInfo;
  std::string pidfile;
  mode_t umask = 022;
  bool nodaemon = false;
  bool silent = false;
  long minfds = 1024;
  long minprocs = 200;
  bool nocleanup = false;
  std::string childlogdir;
  std::string user;
  std::string directory;
  bool strip_ansi = false;
  Pairs environment;
  std::string identifier = "supervisor";
  std::vector<HttpServerSettings> servers;
  std::vector<GroupSettings> groups;  // By priority, then name.
  std::vector<std::string> infos;     // For the log, once it is open: files that were included.
  std::vector<std::string> warnings;  // Likewise: misspelt keys and what else is not as it seems.
};

}  // namespace tierce::config::supervisord
