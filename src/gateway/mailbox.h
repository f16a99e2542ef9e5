// The mailbox: one shared memory region between one edge thread and one worker process, through which
// requests go to the worker and responses come back. No lock, and no system call between two requests.
//
// A mailbox has a fixed number of slots. A slot holds one exchange and lives through one atomic word
//
//        edge             worker              worker             edge
//   free ----> queued ------------> running ------------> answered ----> free (next generation)
//                 |      edge
//                 +----------> free (recalled: taken back before a worker won it; next generation)
//
// The word carries a generation beside the state. An entry of the request ring that names an older
// generation is stale and is skipped, so a recalled slot can be used again at once.
//
// What is exact when the worker dies between any two instructions (mailbox_death_test.cc):
//   queued    the application has not seen the request: the edge gives it to another worker
//   running   the application may have seen it: answered 502, never run twice
//   answered  the whole response is in the slot: delivered
// The edge reads the states only after the supervisor has said that the worker is gone.
//
// A worker may have been taken over by somebody else's code, and all of this memory is the worker's to write.
// So the edge takes nothing in it for granted: where things lie comes from the shape it knows by itself,
// and each value of the worker is read once (read_once) and checked before it leads anywhere.
//
// Request ring: edge -> worker, many consumers (the worker's threads). It is a hint of order; the slot's
// word alone decides. Attention bits: worker -> edge, "look at this slot"; one bit a slot, so that
// many threads can signal without a hole, and the edge takes 64 with one exchange.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "gateway/mailbox_shape.h"
#include "http/request_head.h"
#include "os/unique_fd.h"

namespace tierce::gateway {

enum class State : std::uint8_t { kFree, kQueued, kRunning, kAnswered };

// --- what travels ---------------------------------------------------------------------------------

// Where the client came from and to which listener; plain text, ready for the environ.
struct ClientInfo {
  char remote_address[46];  // "" for unix sockets.
  std::uint8_t remote_address_bytes;
  std::uint8_t listener;  // Index into the listeners the worker was told of.
  std::uint16_t remote_port;
  bool https;  // wsgi.url_scheme, forwarded headers from trusted peers applied.
};

// The request as it lies in Slot::request_area(): [HeaderField x head.field_count][head bytes][added variables][inline
// body].
struct RequestMeta {
  http::RequestHead head;  // Spans are relative to the head bytes.
  ClientInfo client;
  std::uint64_t request_id;  // Unique in this tierce; printed as 16 hex digits.
  std::uint32_t head_at;     // Offset of the head bytes in the request area.
  // Behind the head bytes: "name\0value\0...", for the environ as they are. They override what the head says.
  std::uint32_t added_bytes;
  std::uint32_t body_at;     // Offset of the inline body.
  std::uint64_t body_bytes;  // The whole body, decoded: the edge has read it before it queued the request.
  bool body_in_file;         // The body is in a file whose descriptor came through the FdChannel.
};

// Bits of Slot::response_flags. Set by the worker with release, before the attention bit.
inline constexpr std::uint32_t kHeadReady = 1;     // ResponseMeta and the head text are final.
inline constexpr std::uint32_t kBodyComplete = 2;  // `produced` is final and the response is whole.
inline constexpr std::uint32_t kBroken = 4;        // The application failed after the head: cut the connection.
inline constexpr std::uint32_t kFileFollows = 8;   // The body is a file: its descriptor came through the FdChannel.

struct ResponseMeta {
  std::uint16_t status;
  std::uint8_t has_date;        // Not 0: the application sent its own Date / Server. No bool: a worker may
  std::uint8_t has_server;      // have written any byte here.
  std::uint32_t head_bytes;     // Text at the start of the response area: "200 OK\r\nName: value\r\n...",
                                // the reason phrase kept; no final empty line; no hop-by-hop fields.
  std::int64_t content_length;  // Declared by the application or known by the worker; -1: not known, chunk it.
                                // The head text never holds Content-Length: the edge writes it.
  std::uint64_t file_offset;    // kFileFollows: where to start and how many bytes to send.
  std::uint64_t file_bytes;
  std::uint32_t log_at;  // In the response area: "name\0value\0..." for the access log (uwsgi.set_logvar). Final with
  std::uint32_t log_bytes;  // the last flag of the response.
  std::uint8_t log_always;  // Not 0: a line in the access log, also where requests are not logged.
};

// Slot::producer_waits.
inline constexpr std::uint32_t kProducerSleeps = 1;  // A thread, on that word as a futex.
inline constexpr std::uint32_t kProducerParked = 2;  // A greenlet: its hub looks at the word when it is nudged.

struct alignas(64) Slot {
  // The life of the slot: generation << 8 | State.
  std::atomic<std::uint32_t> word;
  std::uint32_t index;
  std::uint32_t thread;                   // Which of the worker's threads runs it; valid once running.
  std::uint64_t queued_ns;                // CLOCK_MONOTONIC, set by the edge.
  std::atomic<std::uint64_t> started_ns;  // Set by the worker right after it won the slot.
  std::atomic<std::uint64_t> answered_ns;

  RequestMeta request;
  ResponseMeta response;

  // Body ring, in the response area from ring_at on; counters of bytes since the start of the body.
  alignas(64) std::atomic<std::uint64_t> produced;  // Worker.
  std::atomic<std::uint32_t> response_flags;        // Worker.
  std::uint32_t ring_at;                            // Worker, before kHeadReady: head_bytes rounded up to 64.
  alignas(64) std::atomic<std::uint64_t> consumed;  // Edge.
  std::atomic<std::uint32_t> producer_waits;        // Not 0 while a producer waits for room: kProducerSleeps ...
  std::atomic<std::uint32_t> abandoned;             // Edge: nobody will read the rest (client gone, 504 sent).
};

inline State state_of(std::uint32_t word) { return static_cast<State>(word & 0xff); }
inline std::uint32_t generation_of(std::uint32_t word) { return word >> 8; }
inline std::uint32_t make_word(std::uint32_t generation, State state) {
  return generation << 8 | static_cast<std::uint32_t>(state);
}

// First page of a worker's region: what all its threads and all edge threads share.
struct alignas(64) WorkerPage {
  // Sleeping threads and wake-up tokens: sleepers + tokens = threads inside Bell::wait().
  alignas(64) std::atomic<std::uint32_t> sleepers;
  alignas(64) std::atomic<std::uint32_t> tokens;  // The futex.
  alignas(64) std::atomic<std::uint64_t> requests_started;
  std::atomic<std::uint32_t> exiting;  // Set with a ring of the bell: threads leave their loop.
  // Edge: requests have come one at a time for a while, so spinning for the next one pays.
  std::atomic<std::uint32_t> may_spin;
};

// --- the region -----------------------------------------------------------------------------------

struct MailboxHeader;

// A view of one mailbox in a mapped region; cheap to copy, valid while the Region lives.
class Mailbox {
 public:
  Mailbox() = default;
  Mailbox(MailboxHeader* header, const MailboxShape& shape);
  static std::size_t bytes_for(const MailboxShape& shape);

  const MailboxShape& shape() const { return shape_; }
  Slot& slot(std::uint32_t index) const;
  char* request_area(std::uint32_t index) const;
  char* response_area(std::uint32_t index) const;

  // Edge side ------------------------------------------------------------------------------
  // Puts a free slot, its request filled in, into the queue. False when the ring is full of stale
  // entries (the worker is stuck); the slot is then still the caller's.
  bool submit(std::uint32_t index, std::uint64_t now_ns) const;
  // Takes a queued slot back; false when a worker has won it in the meantime.
  bool recall(std::uint32_t index) const;
  // Returns an answered slot, or any slot of a dead worker, to kFree with the next generation.
  void release(std::uint32_t index) const;
  // Calls f(index) for each slot with an attention bit and clears the bits. Bits beyond the slots are nobody's.
  template <typename F>
  void take_attention(F&& f) const;
  bool has_attention() const;
  // Edge is about to sleep: false means attention came in the meantime and it must not.
  bool prepare_sleep() const;
  void cancel_sleep() const;
  // Says how far the response ring has been read; wakes a thread that waits for room. True when it is a
  // greenlet that waits: its hub must be nudged.
  bool consume(std::uint32_t index, std::size_t bytes) const;
  // Nobody reads this response any more; wakes a thread that waits. True as above.
  bool abandon(std::uint32_t index) const;

  // Worker side ----------------------------------------------------------------------------
  // The oldest queued slot, now running and owned by the calling thread `thread`.
  std::optional<std::uint32_t> take(std::uint32_t thread, std::uint64_t now_ns) const;
  bool has_queued() const;
  // How many wait, stale entries included.
  std::uint32_t queued() const;
  // Sets the slot's attention bit; true when the edge sleeps and must be woken by its eventfd
  // (the flag is taken: only one of many callers gets true).
  bool signal(std::uint32_t index) const;
  // Same without asking about sleep: the caller will call edge_sleeps() after its batch.
  void signal_quietly(std::uint32_t index) const;
  bool edge_sleeps() const;
  // running -> answered; the caller signals afterwards.
  void answer(std::uint32_t index, std::uint64_t now_ns) const;
  // Room in the body ring of a running slot.
  std::size_t ring_room(std::uint32_t index) const;
  // Copies as much as fits; returns how much. The caller signals.
  std::size_t ring_write(std::uint32_t index, const char* data, std::size_t bytes) const;
  // Sleeps until there is room or the slot is abandoned; false on abandoned.
  // Call without the GIL.
  bool ring_wait(std::uint32_t index) const;
  // The same for a greenlet, which waits elsewhere: true when it must, until ring_unparked().
  bool ring_park(std::uint32_t index) const;
  bool ring_unparked(std::uint32_t index) const;

  // Body ring as the edge sees it: up to two contiguous runs of unread bytes, always within the response area.
  struct Runs {
    std::string_view first, second;
    bool nonsense = false;  // The worker's counters cannot be true; there are no bytes then.
    std::size_t bytes() const { return first.size() + second.size(); }
  };
  Runs ring_unread(std::uint32_t index) const;

 private:
  MailboxHeader* header_ = nullptr;
  char* slots_ = nullptr;
  std::size_t stride_ = 0;
  MailboxShape shape_;
};

// The mapped memory of one worker: its page and one mailbox for each edge thread.
class Region {
 public:
  // Creates a sealed memfd of the right size and maps it.
  static Result<Region> create(std::uint32_t edge_threads, const MailboxShape& shape);
  // Worker: maps the memfd another process created; fails when its size does not fit the header in it.
  static Result<Region> map(os::UniqueFd fd);
  // Edge: maps a memfd that a worker has had in its hands. What it holds is not asked.
  static Result<Region> map(os::UniqueFd fd, std::uint32_t edge_threads, const MailboxShape& shape);
  Region() = default;
  Region(Region&&) noexcept;
  Region& operator=(Region&&) noexcept;
  ~Region();

  int fd() const { return fd_.get(); }
  const MailboxShape& shape() const { return shape_; }
  std::uint32_t mailboxes() const { return mailboxes_; }
  Mailbox mailbox(std::uint32_t edge_thread) const;
  WorkerPage& page() const;

 private:
  os::UniqueFd fd_;
  char* base_ = nullptr;
  std::size_t bytes_ = 0;
  std::uint32_t mailboxes_ = 0;
  MailboxShape shape_;
};

// --- waking the worker ----------------------------------------------------------------------------

class Bell {
 public:
  explicit Bell(WorkerPage& page) : page_(&page) {}
  // Edge: wakes up to `threads` sleeping threads; no system call when nobody sleeps.
  void ring(std::uint32_t threads);
  // Worker: sleeps until rung. `ready` is asked once after the thread has announced itself; when it
  // says true the thread does not sleep. Call without the GIL. timeout_ns < 0: no limit.
  // Returns false on timeout or a signal.
  template <typename Ready>
  bool wait(Ready&& ready, std::int64_t timeout_ns = -1);

  // A worker whose requests run in greenlets has one sleeper, its hub, which waits for a descriptor:
  // FdInbox::nudge() makes it readable. Announced by the hub before it looks at what there is; the
  // one who takes the announcement nudges, so that a batch costs one message.
  void announce_hub();
  bool take_hub();

 private:
  void announce();
  bool leave_with_token();
  void leave();
  bool sleep(std::int64_t timeout_ns);
  WorkerPage* page_;
};

}  // namespace tierce::gateway

#include "gateway/mailbox_inline.h"
