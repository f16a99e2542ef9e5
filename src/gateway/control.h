// Messages between the supervisor, the edge, the zygote and the workers: small structs on a
// SOCK_SEQPACKET socket pair, descriptors beside them (os/message_channel.h). All peers are of one
// build, so the structs are the wire format.
#pragma once

#include <cstdint>

#include "gateway/mailbox_shape.h"

namespace tierce::gateway {

inline constexpr std::uint32_t kTextMax = 512;

// supervisor -> zygote
enum class ToZygote : std::uint32_t {
  kFork = 1,     // number = worker id, place, life. Descriptors: [control socket of the worker, region memfd,
                 //   then for each edge thread: its eventfd, the FdChannel to it].
  kExit = 2,     // End; workers already forked go on (they end by their own control sockets). number = 1: the
                 //   server ends, and this is the last zygote.
  kReopen = 3,   // Descriptor: the error log, opened anew.
  kWorkers = 4,  // number = how many workers are wanted now.
  kPreExec = 5,  // Another master is about to be started.
};
// zygote -> supervisor
enum class FromZygote : std::uint32_t {
  kReady = 101,   // The application is imported (at once with lazy-apps); ready to fork. number = workers wanted,
                  //   0: as before.
  kFailed = 102,  // The import failed; the traceback has been written to stderr. The zygote exits with 3.
  kForked = 103,  // number = worker id, pid.
  kExited = 104,  // number = worker id (0: a child we did not fork), pid, status = wait status.
};
// supervisor -> worker (on its control socket)
enum class ToWorker : std::uint32_t {
  kExit = 201,       // Finish what runs, take nothing more, run atexit, exit 0. number = 1: do not finish.
  kDumpStack = 202,  // thread = index; number = request id. Write that thread's Python stack to stderr.
  kReopen = 203,     // Descriptor: the error log, opened anew.
};
// worker -> supervisor
enum class FromWorker : std::uint32_t {
  kReady = 301,         // Imported (lazy-apps) and waiting for requests.
  kWantsRestart = 302,  // max-requests reached, or SIGTERM from outside: replace me, then tell me to exit.
  kFailed = 303,        // lazy-apps: the import failed; traceback written; exits with 3.
  kDumped = 304,        // The stack asked for has been written.
  kAsksReload = 305,    // uwsgi.reload()
  kAsksStop = 306,      // uwsgi.stop()
  kHangs = 307,         // Greenlets: the hub has not turned for the time that was set.
};
// supervisor -> edge
enum class ToEdge : std::uint32_t {
  kAttach = 401,   // number = worker id, pid, threads, shape of its region. Descriptors: [region memfd, one
                   //   FdChannel for each edge thread].
  kDrain = 402,    // number = worker id: give it nothing more; answer kDrained when it holds nothing.
  kDead = 403,     // number = worker id, status = wait status, text = why: account for its slots, forget it.
  kStop = 404,     // Stop accepting, finish running exchanges, exit 0. number = grace in milliseconds.
  kReopen = 405,   // Reopen log files. To a visitor, descriptors: [error log, access log], opened anew.
  kTrouble = 406,  // number = 1: no worker can start; answer 503 at once. 0: over.
  kHangs = 407,    // number = worker id: answer 504 to what runs in it. kDrain follows.
  kTls = 408,      // Descriptor: tls::pack() of certificates and keys, for connections from now on.
  kWelcome = 409,  // To a visitor (door.h), first: number = trouble as in kTrouble. Descriptors: [config::EdgeWelcome
                   //   packed, error log, access log, eventfd of its port]; the third may be missing.
  kSocket = 410,   // To a visitor, instead of a welcome: the way is the socket. text = where uwsgi is spoken
                   //   ("unix:/run/app.sock", "127.0.0.1:3031"), "" for nowhere. The door closes.
  kAway = 411,     // To a visitor, from the parent: the program has failed to start: answer 503. The door closes.
};
// edge -> supervisor
enum class FromEdge : std::uint32_t {
  kDrained = 501,   // number = worker id.
  kTimedOut = 502,  // number = worker id, thread; request = request id. 504 has been sent.
  kReady = 503,     // Listening.
  kStopped = 504,   // A visitor that was told to stop: it serves nobody any more.
};

struct ControlMessage {
  std::uint32_t kind = 0;
  std::uint32_t number = 0;
  std::int32_t pid = 0;
  std::int32_t status = 0;
  std::uint32_t thread = 0;
  std::uint32_t threads = 0;  // That run requests; greenlets, with the next.
  bool in_greenlets = false;
  bool used_port = false;       // kAttach to a visitor: another one has had this mailbox before.
  std::uint32_t mailboxes = 0;  // kAttach: in its region.
  std::uint32_t place = 0;      // Among the workers, from 1 (supervise/worker_slots.h).
  std::uint32_t life = 0;       // In the application's memory (app_memory.h); 0 without one.
  std::uint64_t request = 0;
  MailboxShape shape;
  char text[kTextMax] = {};
};

// FdChannel: descriptors of one mailbox, both ways, beside the slots. A message names the slot word it
// belongs to; receivers keep what is for others and close what is stale.
struct FdMessage {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

}  // namespace tierce::gateway
