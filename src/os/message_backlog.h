// What a MessageChannel would not take yet, in order, with its descriptors: a peer that stalls for a moment
// loses no message.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "os/message_channel.h"

namespace tierce::os {

class MessageBacklog {
 public:
  // Sends, or keeps a copy (of the descriptors too) until flush(). Messages never overtake each other.
  void send(MessageChannel& channel, const void* message, std::size_t bytes, std::span<const int> descriptors = {});
  template <typename T>
  void send(MessageChannel& channel, const T& message, std::span<const int> descriptors = {}) {
    send(channel, &message, sizeof message, descriptors);
  }
  // Sends what the channel takes now; call it when the channel is writable.
  void flush(MessageChannel& channel);
  bool empty() const { return waiting_.empty(); }
  // The peer is gone: nobody will read the rest.
  void clear() { waiting_.clear(); }

 private:
  struct Waiting {
    std::vector<char> bytes;
    std::vector<UniqueFd> descriptors;
  };
  std::deque<Waiting> waiting_;
};

}  // namespace tierce::os
