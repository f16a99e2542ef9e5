#include "os/trusted_open.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

namespace tierce::os {
namespace {

constexpr int kLinksMost = 8;

std::string name_of_user(uid_t user) {
  const passwd* entry = ::getpwuid(user);
  return entry != nullptr ? fmt::format("{} ({})", entry->pw_name, user) : std::to_string(user);
}

// "/var/log/app.log" -> "/var/log", "app.log"
std::pair<std::string, std::string> split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {path.substr(0, slash + 1), path.substr(slash + 1)};
}

// Names in /proc/PID/fd are links in looks only: what they lead to has no other name.
bool is_in_proc(int fd) {
  struct statfs info {};
  return ::fstatfs(fd, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

}  // namespace

Result<UniqueFd> open_trusted(const std::string& path, int flags, mode_t mode) {
  const auto opened = [&](UniqueFd fd) -> Result<UniqueFd> {
    if (!fd) return fail(errno_error("opening " + path));
    return fd;
  };
  if (::geteuid() != 0) return opened(UniqueFd(::open(path.c_str(), flags | O_CLOEXEC, mode)));
  // Each step from a descriptor of the folder before: names may be given to others while we look.
  UniqueFd folder;
  std::string rest = path;
  for (int links = 0; links < kLinksMost; ++links) {
    const auto [directory, name] = split(rest);
    UniqueFd next(::openat(folder ? folder.get() : AT_FDCWD, directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!next) return fail(errno_error("opening " + path));
    folder = std::move(next);
    UniqueFd file(::openat(folder.get(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode));
    if (file || errno != ELOOP) return opened(std::move(file));
    const UniqueFd link(::openat(folder.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!link || ::fstat(link.get(), &info) != 0) return fail(errno_error("opening " + path));
    if (info.st_uid != 0) {
      const Error refused(fmt::format("opening {}: it is a link of user {}, which root does not follow", path,
                                      name_of_user(info.st_uid)));
      errno = 0;
      return fail(refused);
    }
    if (is_in_proc(link.get())) return opened(UniqueFd(::openat(folder.get(), name.c_str(), flags | O_CLOEXEC, mode)));
    char target[PATH_MAX] = {};
    const ssize_t bytes = ::readlinkat(link.get(), "", target, sizeof target);
    if (bytes <= 0) return fail(errno_error("opening " + path));
    rest.assign(target, static_cast<std::size_t>(bytes));
  }
  return fail(errno_error("opening " + path, ELOOP));
}

Result<UniqueFd> open_log_file(const std::string& path) {
  return open_trusted(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY);
}

Result<UniqueFd> open_own_file(const std::string& path) {
  struct stat info {};
  // A pipe is not opened even for a look: its reader would see that.
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return UniqueFd();
  auto file = open_trusted(path, O_WRONLY | O_NONBLOCK);
  if (!file) return file;
  if (::fstat(file->get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 1) return UniqueFd();
  return file;
}

}  // namespace tierce::os
