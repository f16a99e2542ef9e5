#include "gateway/door.h"

#include <fcntl.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): unsetenv

#include <charconv>
#include <string>
#include <string_view>

namespace tierce::gateway {

ChainEnd take_chain_end() {
  const char* given = ::getenv(kChainVariable);
  if (given == nullptr) return {};
  const std::string_view text(given);
  int fd = -1;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), fd);
  const bool good = read.ec == std::errc() && fd > 2 && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
  const bool names_only = ::getenv(kChainNamesVariable) != nullptr;
  ::unsetenv(kChainVariable);
  ::unsetenv(kChainNamesVariable);
  if (!good) return {};
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  return {os::MessageChannel(os::UniqueFd(fd)), names_only};
}

void hand_on_chain_end(const ChainEnd& end) {
  if (!end.channel) return;
  ::fcntl(end.channel.fd(), F_SETFD, 0);
  ::setenv(kChainVariable, std::to_string(end.channel.fd()).c_str(), 1);
  if (end.names_only) ::setenv(kChainNamesVariable, "1", 1);
}

}  // namespace tierce::gateway
