// One client connection, read top to bottom in serve(): head, body, the application's answer, the next
// request. Lives on one edge thread; frees itself when it ends.
#pragma once

#include <coroutine>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/timer_wheel.h"
#include "edge/access_log.h"
#include "edge/exchange.h"
#include "edge/response_sender.h"
#include "edge/task.h"
#include "http/chunked_decoder.h"
#include "os/socket_io.h"

namespace tierce::edge {

class Dispatcher;
class EdgeThread;

class Connection final : public ExchangeOwner {
 public:
  // What a connection can wait for.
  enum Event : std::uint8_t { kReadable = 1, kWritable = 2, kProgress = 4, kTimeout = 8, kGone = 16, kStopping = 32 };

  // Registers with the thread's poller and starts serving. The connection owns itself.
  static void start(EdgeThread& thread, os::UniqueFd fd, const os::Peer& peer, std::uint8_t listener);

  void notify(std::uint8_t events);
  void on_progress() override { notify(kProgress); }
  void on_poll(std::uint32_t epoll_events);
  // The thread stops: an idle connection ends now, a busy one after its answer; `at_once` ends all.
  void stop(bool at_once);

  // Neighbours in the thread's list of connections.
  Connection* next = nullptr;
  Connection* previous = nullptr;

 private:
  Connection(EdgeThread& thread, os::UniqueFd fd, const os::Peer& peer, std::uint8_t listener);
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

  Task serve();
  // Reads what is there; false when the client has closed or nothing may be read.
  bool read_some(std::size_t least);
  bool begin_exchange();
  void end_exchange();
  // Takes the body's bytes that have arrived. kMore: wait for the client.
  enum class BodyState : std::uint8_t { kDone, kMore, kTooLarge, kBad, kNoSpace };
  BodyState take_body();
  BodyState store_body(std::string_view data);
  void fill_client();
  // Writes an answer of our own; everything after it on this connection is dropped when `close`.
  void refuse(int status, std::string_view why, bool close);
  std::string peer_text() const;
  class LoggedFields;
  void add_details(AccessRecord& record) const;
  void log_access(int status, std::uint64_t body_bytes);
  int status_of(Fate fate) const;
  void destroy();

  EdgeThread& thread_;
  os::UniqueFd fd_;
  std::coroutine_handle<> waiter_;
  std::uint8_t wanted_ = 0;
  std::uint8_t ready_ = 0;
  std::uint8_t listener_;
  bool peer_closed_ = false;  // The client will send no more (FIN); it may still read.
  bool stopping_ = false;
  bool trusted_ = false;  // Its forwarded headers count.
  std::uint32_t requests_ = 0;
  Timer timer_;
  Exchange* exchange_ = nullptr;
  http::ChunkedDecoder chunks_;
  std::uint64_t body_left_ = 0;
  os::Peer peer_;
};

}  // namespace tierce::edge
