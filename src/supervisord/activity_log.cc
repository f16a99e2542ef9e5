#include "supervisord/activity_log.h"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include "os/socket_io.h"

namespace tierce::supervisord {
namespace {

std::string_view name_of(conf_level level) {
  switch (level) {
    case conf_level::kBlather:
      return "BLAT";
    case conf_level::kTrace:
      return "TRAC";
    case conf_level::kDebug:
      return "DEBG";
    case conf_level::kInfo:
      return "INFO";
    case conf_level::kWarn:
      return "WARN";
    case conf_level::kError:
      return "ERRO";
    case conf_level::kCritical:
      break;
  }
  return "CRIT";
}

}  // namespace

Result<void> ActivityLog::open(const config::supervisord::Settings& settings) {
  least_ = settings.loglevel;
  path_ = settings.logfile;
  if (path_.empty()) return {};
  return file_.open(path_, {settings.logfile_maxbytes, settings.logfile_backups, settings.logfile_daily});
}

void ActivityLog::line(conf_level level, std::string_view text) {
  if (!wants(level)) return;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm local{};
  ::localtime_r(&now.tv_sec, &local);
  char stamp[32];
  ::strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &local);
  const std::string whole = fmt::format("{},{:03d} {} {}\n", stamp, now.tv_nsec / 1000000, name_of(level), text);
  if (!path_.empty()) file_.write(whole);
  if (to_stdout_) os::write_all(1, whole.data(), whole.size());
}

}  // namespace tierce::supervisord
