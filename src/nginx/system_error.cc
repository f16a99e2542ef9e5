#include "nginx/system_error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace tierce::nginx {

Error system_error(std::string_view what) {
  const int number = errno;
  char room[128];
  return Error(fmt::format("{} ({}: {})", what, number, ::strerror_r(number, room, sizeof room)));
}

}  // namespace tierce::nginx
