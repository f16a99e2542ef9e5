// Descriptors that belong to slots of one mailbox, beside the shared memory: the bodies of requests come to
// the worker, the files of responses to the edge. One end each; the messages are FdMessage (control.h).
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "gateway/control.h"
#include "gateway/mailbox.h"
#include "os/message_channel.h"

namespace tierce::gateway {

class FdInbox {
 public:
  FdInbox(os::MessageChannel channel, Mailbox mailbox) : channel_(std::move(channel)), mailbox_(mailbox) {}

  // The descriptor of this slot's present generation: the other side sends it before it says in the slot
  // that there is one. Empty when it has not come.
  os::UniqueFd receive(std::uint32_t slot);
  // False when the other side does not take it now; the descriptor stays the caller's.
  bool send(std::uint32_t slot, int fd);
  // Makes the other side's descriptor readable. When there is no room for it, it is readable already.
  void nudge();
  // Takes what has come, nudges and what receive() will be asked for. False when the other side is gone.
  bool drain();
  // A nudge that receive() comes across is handed on to this eventfd.
  void hand_nudges_to(int eventfd) { nudged_ = eventfd; }
  // Readiness for another send().
  int fd() const { return channel_.fd(); }

 private:
  std::uint32_t generation(std::uint32_t slot) const {
    return generation_of(mailbox_.slot(slot).word.load(std::memory_order_acquire));
  }

  void stash(const FdMessage& of, os::UniqueFd fd);

  std::mutex mutex_;  // Threads of one worker share the channel; only exchanges with files come here.
  os::MessageChannel channel_;
  Mailbox mailbox_;
  struct Stashed {
    FdMessage of;
    os::UniqueFd fd;
  };
  std::vector<Stashed> stashed_;  // Came while another slot's was wanted.
  int nudged_ = -1;
};

}  // namespace tierce::gateway
