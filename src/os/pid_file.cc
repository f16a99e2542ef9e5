#include "os/pid_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <random>

#include "os/socket_io.h"
#include "os/trusted_open.h"
#include "os/unique_fd.h"

namespace tierce::os {
namespace {

// Beside the file, under a name that nobody knows before: who owns the directory has no link there. The mode is left to
// the umask, as that of any file.
UniqueFd make_aside(const std::string& path, std::string* aside) {
  std::random_device random;
  for (int tries = 0; tries < 16; ++tries) {
    *aside = fmt::format("{}.{:08x}", path, random());
    UniqueFd fd(::open(aside->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (fd || errno != EEXIST) return fd;
  }
  return {};
}

}  // namespace

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
    auto fd = open_trusted(path, O_WRONLY | O_NONBLOCK);
    if (!fd) return fail(std::move(fd).error().during("writing the pid file"));
    if (::fstat(fd->get(), &there) != 0 || S_ISREG(there.st_mode))
      return fail(Error(fmt::format("pid file {}: it has changed while we looked", path)));
    if (!write_all(fd->get(), text.data(), text.size())) return fail(errno_error("writing the pid file " + path));
    return PidFile();
  }
  // Written aside and renamed: nobody reads half a number.
  std::string aside;
  const UniqueFd fd = make_aside(path, &aside);
  if (!fd || !write_all(fd.get(), text.data(), text.size()) || ::rename(aside.c_str(), path.c_str()) != 0) {
    const Error error = errno_error("writing the pid file " + path);
    if (fd) ::unlink(aside.c_str());
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
