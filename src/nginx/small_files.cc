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

std::size_t bytes_of(const SmallFile& file) {
  std::size_t bytes = file.bytes.size();
  for (const SmallFile::Packed& each : file.packed) bytes += each.bytes.size();
  return bytes;
}

}  // namespace

std::shared_ptr<SmallFile> SmallFiles::find(const std::string& path) {
  const auto found = entries_.find(path);
  if (found == entries_.end() || found->second == nullptr) return nullptr;
  struct stat now {};
  if (::stat(path.c_str(), &now) == 0 && same_file(now, found->second->info)) return found->second;
  bytes_ -= bytes_of(*found->second);
  found->second->kept = false;
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
    entries_.emplace(path, nullptr);
    return;
  }
  if (found->second != nullptr || !has_honest_times(file)) return;
  auto made = std::make_shared<SmallFile>();
  made->info = info;
  made->bytes.resize(size);
  if (os::read_at(file, made->bytes.data(), size, 0) != size) return;
  if (bytes_ + size > kBytesMax) return forget_all();
  bytes_ += size;
  found->second = std::move(made);
}

const std::string* SmallFiles::packed(const SmallFile& file, std::string_view coding, int level) {
  for (const SmallFile::Packed& each : file.packed) {
    if (each.level == level && each.coding == coding) return &each.bytes;
  }
  return nullptr;
}

void SmallFiles::keep_packed(SmallFile& file, std::string_view coding, int level, std::string_view bytes) {
  // One that has been forgotten meanwhile is still being sent, and counts no more.
  if (!file.kept || file.packed.size() >= kPackedMax) return;
  if (bytes_ + bytes.size() > kBytesMax) return forget_all();
  bytes_ += bytes.size();
  file.packed.push_back({std::string(coding), level, std::string(bytes)});
}

// Which of them are asked for shows soon enough.
void SmallFiles::forget_all() {
  for (const auto& [path, file] : entries_) {
    if (file != nullptr) file->kept = false;
  }
  entries_.clear();
  bytes_ = 0;
}

}  // namespace tierce::nginx
