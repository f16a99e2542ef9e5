#include "os/pid_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "os/socket_io.h"
#include "os/unique_fd.h"

namespace tierce::os {

Result<PidFile> PidFile::write(const std::string& path) {
  if (std::FILE* old = std::fopen(path.c_str(), "re"); old != nullptr) {
    int pid = 0;
    const int read = std::fscanf(old, "%d", &pid);
    std::fclose(old);
    if (read == 1 && pid > 0 && pid != ::getpid() && (::kill(pid, 0) == 0 || errno == EPERM)) {
      return fail(Error(fmt::format("pid file {}: process {} is already running", path, pid)));
    }
  }
  const std::string text = fmt::format("{}\n", ::getpid());
  // A device or a pipe is written to; it is not ours to replace or to remove.
  if (struct stat there{}; ::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (!fd || !write_all(fd.get(), text.data(), text.size())) return fail(errno_error("writing the pid file " + path));
    return PidFile();
  }
  // Written aside and renamed: nobody reads half a number.
  const std::string aside = fmt::format("{}.{}", path, ::getpid());
  UniqueFd fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd || !write_all(fd.get(), text.data(), text.size()) || ::rename(aside.c_str(), path.c_str()) != 0) {
    const Error error = errno_error("writing the pid file " + path);
    ::unlink(aside.c_str());
    return fail(error);
  }
  PidFile file;
  file.path_ = path;
  return file;
}

Result<void> PidFile::rename(const std::string& path) {
  if (path_.empty()) return {};
  if (::rename(path_.c_str(), path.c_str()) != 0) return fail(errno_error("renaming the pid file " + path_));
  path_ = path;
  return {};
}

PidFile::~PidFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace tierce::os
