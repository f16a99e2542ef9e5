// How an edge of another program comes to an application's gateway. Programs that `tierce up` has started have a
// channel to it, whose number is in their environment. An application announces there what it listens on; an edge that
// passes requests to such an address makes a pair of sockets and sends one end with the address it means; that end is
// handed on to the application. From then on the two talk as a supervisor and its edge do (control.h), the first
// message being the welcome, or a word about the socket where the application lets nobody in. A door that leads nowhere
// is closed: the requests go through the socket.
//
// A visitor has one mailbox in every worker, its port. The ports of an application are few, and are given to others
// when their holder is gone; what it has left in them is cleared by the next (edge/worker_link.h).
#pragma once

#include <cstdint>
#include <string>

#include "gateway/control.h"
#include "os/message_channel.h"

namespace tierce::gateway {

// The environment of a program under `tierce up`: the number of its channel.
inline constexpr const char* kChainVariable = "TIERCE_CHAIN_FD";
// ... of `tierce up --no-fuse`, beside it: nobody is let in, a door only tells where the socket of a name is.
inline constexpr const char* kChainNamesVariable = "TIERCE_CHAIN_NAMES_ONLY";
// How many edge threads of others an application lets in at a time. Two for each processor of a small machine, for both
// generations of a reload; a port that nobody has costs address space and two descriptors for each worker.
inline constexpr std::uint32_t kPorts = 8;

enum class ChainKind : std::uint32_t {
  kAnnounce = 601,  // Application: `text` is an address of it: "unix:/run/app.sock", "127.0.0.1:8000", "app:NAME".
  kSettled = 602,   // Application: these were all its addresses.
  kLeaving = 604,   // Application: it takes no more visitors, for it stops.
  kReady = 605,     // Application: a worker serves, or it is known that none can: visitors are answered at once.
  kVisit = 603,     // Edge, and then the parent to the application: `text` is the address; descriptor: the door.
};

struct ChainMessage {
  std::uint32_t kind = 0;
  char text[kTextMax] = {};
};

struct ChainEnd {
  os::MessageChannel channel;
  bool names_only = false;
};
// The channel that the environment names, close-on-exec and not blocking, taken out of the environment; an invalid one
// without it.
ChainEnd take_chain_end();
// Before an exec: the next program finds it as this one did. Does nothing without one.
void hand_on_chain_end(const ChainEnd& end);

}  // namespace tierce::gateway
