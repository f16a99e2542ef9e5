#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace tierce {

Error errno_error(std::string_view what) { return errno_error(what, errno); }

Error errno_error(std::string_view what, int error_number) {
  char buffer[128];
  std::string text(what);
  text += ": ";
  text += strerror_r(error_number, buffer, sizeof buffer);
  return Error(std::move(text));
}

}  // namespace tierce
