// Descriptors that belong to slots of one mailbox, both ways (gateway/control.h, FdMessage).
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "gateway/control.h"
#include "gateway/mailbox.h"
#include "os/message_channel.h"

namespace tierce::wsgi {

class FdInbox {
 public:
  FdInbox(os::MessageChannel channel, gateway::Mailbox mailbox) : channel_(std::move(channel)), mailbox_(mailbox) {}

  // The body file of a slot this thread runs: the edge has sent it before it queued the slot.
  os::UniqueFd receive(std::uint32_t slot, std::uint32_t generation);
  bool send(std::uint32_t slot, std::uint32_t generation, int fd);

 private:
  std::mutex mutex_;  // Threads of one worker share the channel; only exchanges with files come here.
  os::MessageChannel channel_;
  gateway::Mailbox mailbox_;
  struct Stashed {
    gateway::FdMessage of;
    os::UniqueFd fd;
  };
  std::vector<Stashed> stashed_;
};

}  // namespace tierce::wsgi
