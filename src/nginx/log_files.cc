#include "nginx/log_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "nginx/system_error.h"
#include "os/trusted_open.h"

namespace tierce::nginx {
namespace {

// What the system says is said as nginx says it.
Result<os::UniqueFd> open_log(const std::string& path) {
  auto file = os::open_log_file(path);
  if (!file && errno != 0) return fail(system_error("open() \"" + path + "\" failed"));
  return file;
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
  auto fd = path.empty() ? os::UniqueFd(::dup(2)) : open_log(path);
  if (!fd) return fail(std::move(fd).error());
  file->fd_ = std::move(*fd);
  return files_.emplace(path, std::move(file)).first->second.get();
}

Result<void> LogFiles::reopen() {
  const std::lock_guard lock(mutex_);
  Result<void> done;
  for (const auto& [path, file] : files_) {
    if (path.empty()) continue;
    const auto fresh = open_log(path);
    if (!fresh) {
      done = fail(fresh.error());
    } else if (::dup3(fresh->get(), file->fd_.get(), O_CLOEXEC) < 0) {
      done = fail(system_error("open() \"" + path + "\" failed"));
    }
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
