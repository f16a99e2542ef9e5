#include "os/file_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os/unique_fd.h"

namespace tierce::os {

Result<std::string, int> read_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail(int{errno});
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0) return fail(int{errno});
  std::string text;
  // Some, such as those of /proc, do not say how long they are.
  text.reserve(found.st_size > 0 ? static_cast<std::size_t>(found.st_size) : 0);
  char part[16384];
  for (;;) {
    const ssize_t bytes = ::read(fd.get(), part, sizeof part);
    if (bytes == 0) return text;
    if (bytes > 0) {
      text.append(part, static_cast<std::size_t>(bytes));
    } else if (errno != EINTR) {
      return fail(int{errno});
    }
  }
}

}  // namespace tierce::os
