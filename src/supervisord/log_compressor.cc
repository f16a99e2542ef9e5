#include "supervisord/log_compressor.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cstdio>
#include <vector>

#include "os/unique_fd.h"
#include "supervisord/log_file.h"

namespace tierce::supervisord {
namespace {

// Our own service, behind everything that serves somebody.
constexpr int kNiceness = 10;
constexpr std::size_t kChunkBytes = 256u << 10;

std::string part_name(const std::string& path) { return path + ".gz.part"; }

bool compress(int from, int to) {
  gzFile out = ::gzdopen(to, "wb");
  if (out == nullptr) return false;
  std::vector<char> bytes(kChunkBytes);
  ssize_t got = 0;
  while ((got = ::read(from, bytes.data(), bytes.size())) > 0) {
    if (::gzwrite(out, bytes.data(), static_cast<unsigned>(got)) != got) return false;
  }
  return ::gzclose(out) == Z_OK && got == 0;
}

[[noreturn]] void compress_and_end(int from, int to) {
  ::prctl(PR_SET_NAME, "tierce-gzip");
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpriority(PRIO_PROCESS, 0, kNiceness);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(from, 0);
  ::dup2(to, 1);
  ::close_range(3, ~0u, 0);
  ::_exit(compress(0, 1) ? 0 : 1);
}

bool same_file(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

}  // namespace

void LogCompressor::look_at(const std::string& path, long backups) {
  logs_[path] = backups;
  if (!work_) begin_next();
}

void LogCompressor::begin_next() {
  while (!logs_.empty()) {
    const auto [path, backups] = *logs_.begin();
    // The oldest first: the next rotation may be its last.
    for (long i = backups; i > 0; --i) {
      const os::UniqueFd from(::open(rotated_name(path, i, false).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
      if (!from) continue;
      Work work{path, backups, {}};
      if (::fstat(from.get(), &work.source) != 0 || !S_ISREG(work.source.st_mode)) continue;
      const os::UniqueFd to(
          ::open(part_name(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, work.source.st_mode & 0777));
      if (!to) break;
      const pid_t pid = ::fork();
      if (pid < 0) break;
      if (pid == 0) compress_and_end(from.get(), to.get());
      work_ = std::move(work);
      return children_.add(pid, [this](int status) { finish(status); });
    }
    logs_.erase(path);
  }
}

void LogCompressor::finish(int wait_status) {
  const Work work = *std::exchange(work_, std::nullopt);
  const std::string part = part_name(work.path);
  bool kept = false;
  for (long i = 1; i <= work.backups && wait_status == 0 && !kept; ++i) {
    const std::string plain = rotated_name(work.path, i, false);
    struct stat now {};
    if (::stat(plain.c_str(), &now) != 0 || !same_file(now, work.source)) continue;
    kept = std::rename(part.c_str(), rotated_name(work.path, i, true).c_str()) == 0;
    if (kept) {
      const std::array<timespec, 2> times = {work.source.st_atim, work.source.st_mtim};
      ::utimensat(AT_FDCWD, rotated_name(work.path, i, true).c_str(), times.data(), 0);
      ::unlink(plain.c_str());
    }
  }
  if (!kept) ::unlink(part.c_str());
  // One that fails (a full disk) would fail again at once: it waits for the next rotation.
  if (wait_status != 0) logs_.erase(work.path);
  begin_next();
}

}  // namespace tierce::supervisord
