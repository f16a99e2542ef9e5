#include "supervisord/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <ctime>

#include "os/clock.h"
#include "os/socket_io.h"
#include "os/trusted_open.h"

namespace tierce::supervisord {
namespace {

// /dev/stdout cannot be opened where it is a socket, or belongs to another user: then the descriptor itself serves.
int inherited_descriptor(const std::string& path) {
  if (path == "/dev/stdout" || path == "/dev/fd/1" || path == "/proc/self/fd/1") return 1;
  if (path == "/dev/stderr" || path == "/dev/fd/2" || path == "/proc/self/fd/2") return 2;
  return -1;
}

std::time_t end_of_day(std::time_t when) {
  tm local{};
  ::localtime_r(&when, &local);
  local.tm_hour = local.tm_min = local.tm_sec = 0;
  ++local.tm_mday;
  local.tm_isdst = -1;
  return ::mktime(&local);
}

}  // namespace

std::string rotated_name(const std::string& path, long number, bool compressed) {
  return fmt::format("{}.{}{}", path, number, compressed ? ".gz" : "");
}

Result<void> LogFile::open(const std::string& path, const LogRules& rules) {
  path_ = path;
  rules_ = rules;
  struct stat info {};
  const bool there = ::stat(path.c_str(), &info) == 0;
  const bool special = there && !S_ISREG(info.st_mode);
  // A pipe of our own description can be made non-blocking without a change to whoever shares the old one.
  const int flags = O_WRONLY | O_APPEND | O_NOCTTY | (special ? O_NONBLOCK : O_CREAT);
  const int inherited = inherited_descriptor(path);
  // A file ("> log") has one position for all who share its description; with two of them one writes over the other.
  if (inherited >= 0 && there && !special) fd_ = os::UniqueFd(::fcntl(inherited, F_DUPFD_CLOEXEC, 3));
  if (!fd_) {
    auto opened = os::open_trusted(path, flags, 0666);
    if (opened) {
      fd_ = std::move(*opened);
    } else {
      if (inherited >= 0) fd_ = os::UniqueFd(::fcntl(inherited, F_DUPFD_CLOEXEC, 3));
      if (!fd_) return fail(std::move(opened).error().during("log"));
    }
  }
  regular_ = ::fstat(fd_.get(), &info) == 0 && S_ISREG(info.st_mode);
  size_ = regular_ ? static_cast<std::uint64_t>(info.st_size) : 0;
  day_ends_ = end_of_day(size_ > 0 ? info.st_mtime : os::wall_seconds());
  return {};
}

void LogFile::write(std::string_view bytes) {
  if (!fd_) return;
  if (regular_) {
    if (rules_.daily && os::wall_seconds() >= day_ends_) {
      day_ends_ = end_of_day(os::wall_seconds());
      if (size_ > 0) rotate();
    }
    if (!os::write_all(fd_.get(), bytes.data(), bytes.size())) return;
    size_ += bytes.size();
    if (rules_.bytes_max > 0 && size_ >= rules_.bytes_max) rotate();
    return;
  }
  pending_ += bytes;
  flush();
}

void LogFile::flush() {
  std::size_t done = 0;
  while (done < pending_.size()) {
    pollfd ready{fd_.get(), POLLOUT, 0};
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) {
      if ((ready.revents & (POLLERR | POLLHUP)) != 0) done = pending_.size();
      break;
    }
    // A pipe that says it is writable takes this much without waiting.
    const std::size_t part = std::min<std::size_t>(pending_.size() - done, PIPE_BUF);
    const ssize_t wrote = ::write(fd_.get(), pending_.data() + done, part);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EAGAIN) break;
    if (wrote <= 0) {
      done = pending_.size();
      break;
    }
    done += static_cast<std::size_t>(wrote);
  }
  pending_.erase(0, done);
}

void LogFile::rotate() {
  fd_ = os::UniqueFd();
  for (long i = rules_.backups - 1; i > 0; --i) {
    for (const bool compressed : {false, true}) {
      // One number, one file: the form that was there before goes.
      if (std::rename(rotated_name(path_, i, compressed).c_str(), rotated_name(path_, i + 1, compressed).c_str()) == 0)
        ::unlink(rotated_name(path_, i + 1, !compressed).c_str());
    }
  }
  if (rules_.backups > 0) {
    std::rename(path_.c_str(), rotated_name(path_, 1, false).c_str());
    ::unlink(rotated_name(path_, 1, true).c_str());
  } else {
    ::unlink(path_.c_str());
  }
  (void)open(path_, rules_);
  if (on_rotated) on_rotated();
}

void LogFile::clear() {
  if (!fd_ || !regular_) return;
  fd_ = os::UniqueFd();
  ::unlink(path_.c_str());
  (void)open(path_, rules_);
}

void LogFile::reopen() {
  if (!fd_ || !regular_) return;
  fd_ = os::UniqueFd();
  (void)open(path_, rules_);
}

}  // namespace tierce::supervisord
