#include "supervise/log_files.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "os/trusted_open.h"

namespace tierce::supervise {

LogFiles::LogFiles(const std::string& error_log, const std::string& access_log, config::LogFileSettings settings)
    : settings_(std::move(settings)) {
  for (const std::string& path : {error_log, access_log}) {
    const bool known = std::find(paths_.begin(), paths_.end(), path) != paths_.end();
    if (!path.empty() && path != "-" && !known) paths_.push_back(path);
  }
}

Result<void> LogFiles::hand_over(const os::Identity& user) const {
  for (const std::string& path : paths_) {
    if (auto given = os::give_file(path, user); !given) return given;
    const bool new_owner = settings_.owned_by_user && user.change;
    if (settings_.mode < 0 && !new_owner) continue;
    auto file = os::open_own_file(path);
    if (!file) return fail(std::move(file).error().during("changing the mode or the owner"));
    if (!*file) continue;
    if (settings_.mode >= 0 && ::fchmod(file->get(), static_cast<mode_t>(settings_.mode)) != 0)
      return fail(errno_error("changing the mode of " + path));
    if (new_owner && ::fchown(file->get(), user.uid, user.gid) != 0)
      return fail(errno_error("changing the owner of " + path));
  }
  return {};
}

Result<void> LogFiles::begin() const {
  if (!settings_.truncated) return {};
  for (const std::string& path : paths_) {
    auto file = os::open_own_file(path);
    if (!file) return fail(std::move(file).error().during("emptying"));
    if (*file && ::ftruncate(file->get(), 0) != 0) return fail(errno_error("emptying " + path));
  }
  return {};
}

bool LogFiles::too_large() const {
  return limited() && std::any_of(paths_.begin(), paths_.end(), [this](const std::string& path) {
           struct stat info {};
           return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
                  static_cast<std::uint64_t>(info.st_size) > settings_.bytes_max;
         });
}

std::vector<Error> LogFiles::move_away(std::time_t now) const {
  std::vector<Error> troubles;
  for (const std::string& path : paths_) {
    // Two files cannot have one name.
    const bool named = !settings_.backup.empty() && path == paths_.front();
    const std::string away = named ? settings_.backup : fmt::format("{}.{}", path, now);
    if (std::rename(path.c_str(), away.c_str()) != 0) troubles.push_back(errno_error("rotating " + path));
  }
  return troubles;
}

}  // namespace tierce::supervise
