// One thread that serves: its loop, its copy of the configuration, the connections it has.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nginx/client.h"
#include "nginx/error_logs.h"
#include "nginx/exchange_pool.h"
#include "nginx/loop.h"
#include "nginx/site.h"
#include "nginx/stream.h"

namespace tierce::nginx {

class ServerThread;

// A socket that connections come from, and which servers share it.
struct ListenPoint {
  int fd = -1;
  conf::Address address;
};

// A connection as its thread knows it.
class ThreadConnection {
 public:
  virtual ~ThreadConnection() = default;
  // The server stops: an idle one ends now, a busy one after its answer; `at_once` cuts it.
  virtual void stop(bool at_once) = 0;
  // All that it is there for is a request that has not come whole.
  virtual bool is_incomplete() const = 0;
  // Of one that rests: false when something of a request has come in this very turn.
  virtual bool is_idle() const = 0;
  // Ends an idle one now, so that another has its place.
  virtual void make_room() = 0;
  ThreadConnection* next = nullptr;
  ThreadConnection* previous = nullptr;
  bool rests = false;  // Nothing of a request has come, and nothing is under way.
};

class ServerThread {
 public:
  struct Start {
    conf::Model model;
    Site::Place place;
    std::vector<ListenPoint> points;
    std::uint32_t connections_max = 512;
    unsigned threads = 1;
    std::function<void()> accepts_no_more;  // Called on the thread, when it has been told to stop gracefully.
  };
  static Result<std::unique_ptr<ServerThread>> create(Start start);
  ~ServerThread();

  // Until stop() and the last connection's end.
  void run();
  // From any thread. `grace_ms` 0: connections may last as long as they like.
  void stop(bool at_once, std::uint64_t grace_ms);

  Loop& loop() { return loop_; }
  Site& site() { return *site_; }
  ExchangePool& exchanges(const conf::Listener& listener);
  // Those of a connection that `listener` has taken, to this address of the machine.
  std::shared_ptr<const PeerTexts> texts(const conf::Listener& listener, std::string_view local_address);
  bool stopping() const { return stopping_; }
  void connection_began(ThreadConnection& connection);
  void connection_ended(ThreadConnection& connection);
  // It waits for a request from now on, until the second is called: it may have to make room for another.
  void connection_rests(ThreadConnection& connection);
  void connection_works(ThreadConnection& connection) { idle_ -= std::exchange(connection.rests, false) ? 1 : 0; }

 private:
  class Acceptor;
  explicit ServerThread(Start start);
  Result<void> open();
  void accept_from(Acceptor& acceptor);
  void make_room();
  // Once a minute.
  void say_full(std::uint64_t& said_ms, Level level, std::string_view what);
  void accept_again_if_full();
  void link(ThreadConnection& connection);
  void unlink(ThreadConnection& connection);
  void pause_accepting(bool pause);
  void begin_stop(bool at_once, std::uint64_t grace_ms);
  void look_at_end();
  void cut_incomplete();
  void cut_later(std::uint64_t after_ns);

  Loop loop_;
  std::unique_ptr<Site> site_;
  std::vector<ListenPoint> points_;
  std::uint32_t connections_max_;
  unsigned threads_;
  std::function<void()> accepts_no_more_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::unordered_map<const conf::Listener*, std::unique_ptr<ExchangePool>> pools_;
  std::unordered_map<const conf::Listener*, std::shared_ptr<const PeerTexts>> texts_;  // The latest connection's.
  ThreadConnection* connections_ = nullptr;  // Who came, or came to rest, last is the first.
  ThreadConnection* last_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint32_t idle_ = 0;  // Of them rest.
  bool accepting_ = false;
  bool full_ = false;
  bool stopping_ = false;
  bool end_now_ = false;
  std::uint64_t stop_by_ns_ = 0;
  std::uint64_t said_full_ms_ = 0;
  std::uint64_t said_reused_ms_ = 0;
  Timer accept_again_;
  Timer cut_;
};

}  // namespace tierce::nginx
