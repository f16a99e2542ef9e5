#include "os/document_root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>

namespace tierce::os {
namespace {

// A root that was replaced (a deployment, a collectstatic) is noticed after this time.
constexpr std::uint64_t kLookAgainNs = 1'000'000'000;
// A FIFO must not stop the thread.
constexpr int kOpenFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

int open_beneath(int directory, const char* path) {
  open_how how{};
  how.flags = kOpenFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
}

std::string real_path_of(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  std::string text = resolved == nullptr ? "" : resolved;
  std::free(resolved);
  return text;
}

std::string link_to(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

std::optional<OpenFile> looked_at(UniqueFd fd) {
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))) return std::nullopt;
  return OpenFile{std::move(fd), S_ISDIR(info.st_mode), static_cast<std::uint64_t>(info.st_size), info.st_mtime};
}

}  // namespace

std::string path_of(int fd) {
  char path[PATH_MAX];
  const ssize_t bytes = ::readlink(link_to(fd).c_str(), path, sizeof path);
  return bytes <= 0 || static_cast<std::size_t>(bytes) == sizeof path
             ? ""
             : std::string(path, static_cast<std::size_t>(bytes));
}

bool lies_below(std::string_view path, std::string_view directory) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.remove_suffix(1);
  if (directory.empty() || !path.starts_with(directory)) return false;
  return directory == "/" || path.size() == directory.size() || path[directory.size()] == '/';
}

DocumentRoot::DocumentRoot(std::string path, std::vector<std::string> safe)
    : path_(std::move(path)), safe_(std::move(safe)) {}

void DocumentRoot::find(std::uint64_t now_ns) {
  look_again_ns_ = now_ns + kLookAgainNs;
  real_path_ = real_path_of(path_);
  directory_ = UniqueFd();
  if (real_path_.empty()) return;
  struct stat info {};
  is_file_ = ::stat(real_path_.c_str(), &info) == 0 && S_ISREG(info.st_mode);
  if (!is_file_) directory_ = UniqueFd(::open(real_path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

std::optional<OpenFile> DocumentRoot::open(const std::string& relative, std::uint64_t now_ns) {
  if (look_again_ns_ == 0) find(now_ns);
  if (is_file_) return looked_at(UniqueFd(::open(real_path_.c_str(), kOpenFlags)));
  const char* path = relative.empty() ? "." : relative.c_str();
  for (;;) {
    if (directory_) {
      UniqueFd fd(open_beneath(directory_.get(), path));
      // EXDEV: a link leads outside, or an absolute one leads inside. Or the kernel has no openat2, or may not.
      if (!fd && (errno == EXDEV || errno == ENOSYS || errno == EPERM || errno == EAGAIN)) fd = open_checked(path);
      if (fd) return looked_at(std::move(fd));
    }
    if (now_ns < look_again_ns_) return std::nullopt;
    find(now_ns);
  }
}

// Where it leads is asked of what has been found, not of the path: a link that changes meanwhile changes nothing.
UniqueFd DocumentRoot::open_checked(const std::string& relative) const {
  const UniqueFd found(::openat(directory_.get(), relative.c_str(), O_PATH | O_CLOEXEC));
  if (!found) return UniqueFd();
  const std::string real = path_of(found.get());
  const auto holds = [&](const std::string& directory) { return lies_below(real, directory); };
  if (!holds(real_path_) && !std::any_of(safe_.begin(), safe_.end(), holds)) return UniqueFd();
  return UniqueFd(::open(link_to(found.get()).c_str(), kOpenFlags));
}

}  // namespace tierce::os
