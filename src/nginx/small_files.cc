#include "nginx/small_files.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <utility>

#include "os/socket_io.h"

namespace tierce::nginx {
namespace {

// The kernel stamps changes with a clock that ticks every few milliseconds.
constexpr std::time_t kLeftAloneSeconds = 2;

bool same_time(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_size == b.st_size && same_time(a.st_mtim, b.st_mtim) &&
         same_time(a.st_ctim, b.st_ctim);
}

// Where stat() says what is, not what was a minute ago: not over a network.
bool has_honest_times(int file) {
  struct statfs system {};
  if (::fstatfs(file, &system) != 0) return false;
  constexpr unsigned long kXfs = 0x58465342, kZfs = 0x2fc12fc1;  // In no header that is always there.
  switch (static_cast<unsigned long>(system.f_type)) {
    case EXT4_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case TMPFS_MAGIC:
    case OVERLAYFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case SQUASHFS_MAGIC:
    case kXfs:
    case kZfs:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::shared_ptr<const SmallFile> SmallFiles::find(const std::string& path) {
  const auto found = entries_.find(path);
  if (found == entries_.end() || found->second.file == nullptr) return nullptr;
  struct stat now {};
  if (::stat(path.c_str(), &now) == 0 && same_file(now, found->second.file->info)) return found->second.file;
  bytes_ -= found->second.file->bytes.size();
  entries_.erase(found);
  return nullptr;
}

void SmallFiles::learn(const std::string& path, int file, const struct stat& info, std::time_t wall) {
  const auto size = static_cast<std::size_t>(info.st_size);
  if (!S_ISREG(info.st_mode) || size > kFileBytesMax) return;
  if (wall - info.st_ctim.tv_sec < kLeftAloneSeconds || wall - info.st_mtim.tv_sec < kLeftAloneSeconds) return;
  const auto found = entries_.find(path);
  if (found == entries_.end()) {
    if (entries_.size() >= kPathsMax) forget_all();
    entries_.emplace(path, Entry{});
    return;
  }
  if (found->second.file != nullptr || !has_honest_times(file)) return;
  auto made = std::make_shared<SmallFile>();
  made->info = info;
  made->bytes.resize(size);
  if (os::read_at(file, made->bytes.data(), size, 0) != size) return;
  if (bytes_ + size > kBytesMax) return forget_all();
  bytes_ += size;
  found->second.file = std::move(made);
}

// Which of them are asked for shows soon enough.
void SmallFiles::forget_all() {
  entries_.clear();
  bytes_ = 0;
}

}  // namespace tierce::nginx
