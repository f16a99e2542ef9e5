#include "os/error_log.h"

#include <strings.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <utility>

#include "os/trusted_open.h"

namespace tierce::os {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"};

}  // namespace

std::string_view name_of(LogLevel level) { return kNames[static_cast<std::size_t>(level)]; }

std::optional<LogLevel> log_level_of(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name.size() == kNames[i].size() && ::strncasecmp(name.data(), kNames[i].data(), name.size()) == 0) {
      return static_cast<LogLevel>(i);
    }
  }
  return std::nullopt;
}

Result<ErrorLog> ErrorLog::open(const std::string& path, LogLevel least) {
  ErrorLog log;
  log.path_ = path;
  log.least_ = least;
  if (path == "-") return log;
  auto file = open_log_file(path);
  if (!file) return fail(std::move(file).error().during("error log"));
  log.file_ = std::move(*file);
  return log;
}

ErrorLog ErrorLog::on_descriptor(int fd, LogLevel least) {
  ErrorLog log;
  log.borrowed_ = fd;
  log.least_ = least;
  return log;
}

void ErrorLog::line(LogLevel level, std::string_view text) const {
  if (!wants(level)) return;
  const std::time_t now = ::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  char stamp[40];
  const std::size_t stamp_bytes = std::strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S %z", &local);
  std::string record;
  record.reserve(text.size() + 80);
  record.append("[").append(stamp, stamp_bytes).append("] [").append(std::to_string(::getpid())).append("] [");
  record.append(name_of(level)).append("] ").append(text).append("\n");
  [[maybe_unused]] const ssize_t wrote = ::write(fd(), record.data(), record.size());
}

Result<void> ErrorLog::reopen() {
  if (path_ == "-") return {};
  auto fresh = open_log_file(path_);
  if (!fresh) return fail(std::move(fresh).error().during("error log"));
  file_ = std::move(*fresh);
  return {};
}

}  // namespace tierce::os
