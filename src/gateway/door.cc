#include "gateway/door.h"

#include <fcntl.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): unsetenv

#include <charconv>
#include <string>
#include <string_view>

namespace tierce::gateway {

os::MessageChannel take_chain_channel() {
  const char* given = ::getenv(kChainVariable);
  if (given == nullptr) return {};
  const std::string_view text(given);
  int fd = -1;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), fd);
  const bool good = read.ec == std::errc() && fd > 2 && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
  ::unsetenv(kChainVariable);
  if (!good) return {};
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  return os::MessageChannel(os::UniqueFd(fd));
}

void hand_on_chain_channel(const os::MessageChannel& channel) {
  if (!channel) return;
  ::fcntl(channel.fd(), F_SETFD, 0);
  ::setenv(kChainVariable, std::to_string(channel.fd()).c_str(), 1);
}

}  // namespace tierce::gateway
