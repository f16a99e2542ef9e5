#include "os/shared_text.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "os/socket_io.h"

namespace tierce::os {

Result<UniqueFd> share_text(std::string_view text) {
  UniqueFd fd(::memfd_create("tierce", MFD_CLOEXEC));
  if (!fd) return fail(errno_error("memfd_create"));
  if (!write_all(fd.get(), text.data(), text.size())) return fail(errno_error("writing shared memory"));
  return fd;
}

std::string contents_of(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || info.st_size <= 0) return {};
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  text.resize(read_at(fd, text.data(), text.size(), 0));
  return text;
}

}  // namespace tierce::os
