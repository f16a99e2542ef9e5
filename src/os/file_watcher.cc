#include "os/file_watcher.h"

#include <sys/inotify.h>
#include <unistd.h>

namespace tierce::os {

Result<FileWatcher> FileWatcher::create() {
  FileWatcher watcher;
  watcher.fd_ = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!watcher.fd_) return fail(errno_error("inotify_init1"));
  return watcher;
}

void FileWatcher::watch(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    const std::size_t slash = file.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : file.substr(0, slash == 0 ? 1 : slash);
    std::set<std::string>& names = names_[directory];
    if (names.empty()) {
      const int watch = ::inotify_add_watch(fd_.get(), directory.c_str(),
                                            IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_TO | IN_CREATE | IN_DELETE);
      if (watch >= 0) directories_[watch] = directory;
    }
    names.insert(slash == std::string::npos ? file : file.substr(slash + 1));
  }
}

std::vector<std::string> FileWatcher::changed() {
  std::vector<std::string> found;
  alignas(inotify_event) char buffer[16384];
  for (;;) {
    const ssize_t got = ::read(fd_.get(), buffer, sizeof buffer);
    if (got <= 0) return found;
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      const auto directory = directories_.find(event->wd);
      if (directory == directories_.end() || event->len == 0) continue;
      const auto names = names_.find(directory->second);
      if (names != names_.end() && names->second.contains(event->name)) {
        found.push_back(directory->second + "/" + event->name);
      }
    }
  }
}

}  // namespace tierce::os
