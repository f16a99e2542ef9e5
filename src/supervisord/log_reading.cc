#include "supervisord/log_reading.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "os/socket_io.h"
#include "os/unique_fd.h"

namespace tierce::supervisord {
namespace {

// Not of a pipe or a terminal: those cannot be read back.
os::UniqueFd open_log(const std::string& path, long* size) {
  os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  *size = info.st_size;
  return fd;
}

std::string read_part(int fd, long offset, long length) {
  std::string bytes(static_cast<std::size_t>(std::clamp<long>(length, 0, kLogReadMax)), '\0');
  bytes.resize(os::read_at(fd, bytes.data(), bytes.size(), static_cast<std::uint64_t>(offset)));
  return bytes;
}

}  // namespace

Outcome read_log(const std::string& path, long offset, long length) {
  if (length < 0 || (offset < 0 && length != 0)) return fault(FaultCode::kBadArguments);
  long size = 0;
  const os::UniqueFd fd = open_log(path, &size);
  if (!fd) return fault(FaultCode::kFailed);
  if (offset < 0) {
    offset = std::max(size + std::max(offset, -size), 0l);
    return Value(read_part(fd.get(), offset, size - offset));
  }
  const long rest = std::max(size - offset, 0l);
  return Value(read_part(fd.get(), offset, length == 0 ? rest : std::min(length, rest)));
}

Value tail_log(const std::string& path, long offset, long length) {
  long size = 0;
  const os::UniqueFd fd = open_log(path, &size);
  if (!fd) return Value::Array{"", offset, false};
  length = std::clamp<long>(length, 0, kLogReadMax);
  offset = std::clamp<long>(offset, 0, size + length);
  bool overflow = false;
  if (size > offset + length) {
    overflow = true;
    offset = size - 1;
  }
  if (offset + length > size) {
    if (offset > size - 1) length = 0;
    offset = size - length;
  }
  if (offset < 0) offset = 0;
  return Value::Array{read_part(fd.get(), offset, length), size, overflow};
}

}  // namespace tierce::supervisord
