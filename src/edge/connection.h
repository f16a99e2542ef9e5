// One connection of a client or of a front server. What is spoken on it is a conversation, a coroutine that reads
// top to bottom: head, body, the application's answer, the next request. Each protocol has its own, in a file of its
// own (http_, packet_, fastcgi_conversation.cc); the parts they share are here. Lives on one edge thread; frees
// itself when it ends.
#pragma once

#include <coroutine>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/timer_wheel.h"
#include "edge/access_log.h"
#include "edge/client_stream.h"
#include "edge/exchange.h"
#include "edge/own_response.h"
#include "edge/response_sender.h"
#include "edge/response_wire.h"
#include "edge/task.h"
#include "http/chunked_decoder.h"
#include "http/wire_error.h"
#include "os/socket_io.h"

namespace tierce::http {
class FastcgiReader;
}

namespace tierce::edge {

class Dispatcher;
class EdgeThread;
class LocalCall;
struct StaticRequest;

class Connection final : public ExchangeOwner {
 public:
  // What a connection can wait for.
  enum Event : std::uint8_t { kReadable = 1, kWritable = 2, kProgress = 4, kTimeout = 8, kGone = 16, kStopping = 32 };

  // Registers with the thread's poller and starts serving. The connection owns itself.
  static void start(EdgeThread& thread, os::UniqueFd fd, const os::Peer& peer, std::uint8_t listener);

  // The same for a connection from inside the thread.
  static void start(EdgeThread& thread, std::unique_ptr<PairEnd> end, const os::Peer& peer, std::uint8_t listener);

  void notify(std::uint8_t events);
  void on_progress() override { notify(kProgress); }
  void on_poll(std::uint32_t epoll_events);
  // The thread stops: an idle connection ends now, a busy one after its answer; `at_once` ends all.
  void stop(bool at_once);

  // As those that accept clients, from the free list of the thread.
  static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept { free_frame(memory, bytes); }

  // Neighbours in the thread's list of connections.
  Connection* next = nullptr;
  Connection* previous = nullptr;

 private:
  friend class LocalCall;
  // nginx's status for the log: the client left before its response was out.
  static constexpr int kClientLeft = 499;

  template <typename Stream>
  Connection(EdgeThread& thread, Stream stream, const os::Peer& peer, std::uint8_t listener);
  ~Connection();

  struct Wait {
    Connection& connection;
    std::uint8_t mask;
    bool await_ready() const noexcept { return (connection.ready_ & mask) != 0; }
    void await_suspend(std::coroutine_handle<> handle) noexcept {
      connection.waiter_ = handle;
      connection.wanted_ = mask;
    }
    void await_resume() const noexcept {
      connection.waiter_ = nullptr;
      connection.wanted_ = 0;
    }
  };
  // Suspends until one of `events` is there; the caller looks at ready_ and clears what it used.
  Wait until(std::uint8_t events) { return {*this, events}; }
  void arm(std::chrono::milliseconds after);
  // How long a client may be silent within a body.
  std::chrono::milliseconds body_patience() const;

  // --- the conversations ---
  // TLS first where the listener has it, then the conversation; the PROXY header, where one comes before
  // both, has been read.
  void begin();
  void converse();
  Task read_proxy_header();
  Task shake_hands();
  Task serve_http();
  void serve_packet();
  template <typename Parser>
  Task serve_one_packet();
  Task serve_fastcgi();

  // First read of a request: most heads fit; a longer one makes the buffer grow.
  static constexpr std::size_t kReadBytes = 4096;

  // --- the head ---
  // It has been read, over HTTP or as a packet: who asks, and the request's number.
  void begin_http_request();
  void begin_packet_request();
  // One step towards more input. kWait: for until(kInputEvents). `begun`: a part of a head has come.
  enum class Input : std::uint8_t { kRead, kWait, kEnded };
  static constexpr std::uint8_t kInputEvents = kReadable | kTimeout | kGone | kStopping;
  Input take_input(bool begun);
  // After that wait: the head has begun and its time is over; says so in the log.
  bool head_is_late(bool begun, std::string_view what);
  // ... the connection has been idle for too long, or is gone.
  bool input_is_over() const { return (ready_ & (kTimeout | kGone)) != 0; }
  // Reads what is there; false when the client has closed or nothing may be read.
  bool read_some(std::size_t least);
  bool begin_exchange();
  void end_exchange();
  void fill_client();
  void fill_client_from_variables();

  // --- the body ---
  // kMore: wait for the client. kEnded: it has left, or was too slow. kAborted: a web server gave it up (FastCGI).
  enum class BodyState : std::uint8_t { kDone, kMore, kTooLarge, kBad, kNoSpace, kEnded, kAborted };
  // Takes what came with the head.
  BodyState begin_body();
  // Reads and takes more, when there is something to read or the client's time is over. kMore: wait until(kBodyEvents).
  static constexpr std::uint8_t kBodyEvents = kReadable | kTimeout | kGone;
  BodyState read_body();
  // Takes the body's bytes that have arrived.
  BodyState take_body();
  BodyState store_body(std::string_view data);
  // FastCGI: works through the records that have arrived, head and body, until there is something to act upon.
  BodyState take_records(http::FastcgiReader& reader);
  bool send_whole(std::string_view bytes);
  // Answers a body that is not kDone. True: an answer was sent that the client must get to read (linger).
  bool give_up_body(BodyState state);

  // --- the answer ---
  struct Answer {
    ResponseSender sender;
    int status = 0;  // Other than the response's own: 499, 408, or of a page of ours.
    bool complete = false;
    bool blocked = false;  // Waits for the client to read.
  };
  Answer begin_answer(bool keep_alive);
  // An answer that needs no application, where the configuration has one (content_answer.cc).
  std::optional<ReadyResponse> find_content();
  std::optional<ReadyResponse> follow_routes(const StaticRequest& asked);
  // Moves the answer on; returns the events to wait for, 0 when it has ended.
  std::uint8_t advance(Answer& answer);
  // FastCGI: reads what the web server says in the meantime; what it asks for goes to `replies`, to be sent behind
  // the response. A request it gives up ends with status 499. False: it has broken the rules.
  bool watch_for_abort(http::FastcgiReader& reader, Answer& answer, std::string& replies);
  // The log line, and the end of the tie to the gateway.
  void conclude(Answer& answer);
  // Lingering close: a client that still sends gets to read our answer before the reset.
  struct Linger {
    std::uint64_t until_ns = 0;
    bool waited = false;
  };
  Linger begin_linger();
  // Returns the events to wait for, 0 when it is over.
  std::uint8_t advance(Linger& linger);

  // Writes an answer of our own; everything after it on this connection is dropped when `close`.
  void refuse(int status, std::string_view why, bool close);
  // The same for what is no request of its protocol. False: there is nobody who could read an answer.
  bool refuse(http::WireError error);
  OwnResponse own_response(int status, bool close, std::string_view extra = {});
  std::string peer_text() const;
  class LoggedFields;
  void add_details(AccessRecord& record) const;
  // Whether the settings ask for a line of this request.
  bool is_logged(int status, std::uint64_t body_bytes) const;
  void log_access(int status, std::uint64_t body_bytes);
  int status_of(Fate fate) const;
  void destroy();

  EdgeThread& thread_;
  ClientStream stream_;
  std::coroutine_handle<> waiter_;
  std::uint8_t wanted_ = 0;
  std::uint8_t ready_ = 0;
  std::uint8_t listener_;
  bool peer_closed_ = false;  // The client will send no more (FIN); it may still read.
  bool stopping_ = false;
  bool trusted_ = false;  // Its forwarded headers count.
  ResponseWire wire_;
  std::uint32_t requests_ = 0;
  Timer timer_;
  Exchange* exchange_ = nullptr;
  http::ChunkedDecoder chunks_;
  std::uint64_t body_left_ = 0;
  os::Peer peer_;
  LocalCall* call_ = nullptr;  // Whose answer it is, where there is no conversation.
};

}  // namespace tierce::edge
