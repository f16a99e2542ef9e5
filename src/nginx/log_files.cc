#include "nginx/log_files.h"

#include <fcntl.h>
#include <unistd.h>

#include "nginx/system_error.h"

namespace tierce::nginx {
namespace {

os::UniqueFd open_log(const std::string& path) {
  return os::UniqueFd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
}

}  // namespace

void LogFile::write(std::string_view lines) const {
  if (::write(fd_.get(), lines.data(), lines.size()) < 0) return;
}

Result<LogFile*> LogFiles::open(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (const auto known = files_.find(path); known != files_.end()) return known->second.get();
  auto file = std::make_unique<LogFile>();
  file->path_ = path;
  file->fd_ = path.empty() ? os::UniqueFd(::dup(2)) : open_log(path);
  if (!file->fd_) return fail(system_error("open() \"" + path + "\" failed"));
  return files_.emplace(path, std::move(file)).first->second.get();
}

Result<void> LogFiles::reopen() {
  const std::lock_guard lock(mutex_);
  Result<void> done;
  for (const auto& [path, file] : files_) {
    if (path.empty()) continue;
    const os::UniqueFd fresh = open_log(path);
    if (!fresh || ::dup3(fresh.get(), file->fd_.get(), O_CLOEXEC) < 0)
      done = fail(system_error("open() \"" + path + "\" failed"));
  }
  return done;
}

void LogFiles::give_to(unsigned user, unsigned group) const {
  for (const auto& [path, file] : files_) {
    if (path.empty()) continue;
    if (::fchown(file->fd_.get(), user, group) != 0) continue;  // It may be a device or of a read-only file system.
  }
}

}  // namespace tierce::nginx
