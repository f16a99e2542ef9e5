#include "os/message_backlog.h"

#include <fcntl.h>

namespace tierce::os {

void MessageBacklog::send(MessageChannel& channel, const void* message, std::size_t bytes,
                          std::span<const int> descriptors) {
  if (waiting_.empty() && channel.send(message, bytes, descriptors)) return;
  const char* begin = static_cast<const char*>(message);
  Waiting& item = waiting_.emplace_back(Waiting{{begin, begin + bytes}, {}});
  for (const int fd : descriptors) item.descriptors.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

void MessageBacklog::flush(MessageChannel& channel) {
  while (!waiting_.empty()) {
    const Waiting& item = waiting_.front();
    std::vector<int> descriptors;
    for (const UniqueFd& fd : item.descriptors) descriptors.push_back(fd.get());
    if (!channel.send(item.bytes.data(), item.bytes.size(), descriptors)) return;
    waiting_.pop_front();
  }
}

}  // namespace tierce::os
