// One thread of the edge: its loop, its connections, its share of the gateway. Everything in it is
// touched by this thread alone; others reach it through post().
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/edge_settings.h"
#include "config/edge_start.h"
#include "edge/access_log.h"
#include "edge/connection.h"
#include "edge/dispatcher.h"
#include "edge/routes.h"
#include "edge/static_files.h"
#include "edge/trusted_peers.h"
#include "os/error_log.h"
#include "os/message_channel.h"
#include "os/poller.h"
#include "tls/context.h"

namespace tierce::edge {

using config::EdgeListener;

using TlsContexts = std::vector<std::shared_ptr<const tls::Context>>;

class EdgeThread {
 public:
  struct Start {
    const config::EdgeSettings* settings;
    const std::vector<EdgeListener>* listeners;
    int wakeup;  // eventfd of this thread, rung by workers and by post().
    std::uint32_t connections_max;
    os::MessageChannel* control;  // Thread 0 reads the supervisor's messages; others nullptr.
    std::function<void(const gateway::ControlMessage&, std::vector<os::UniqueFd>)> on_control;
    Dispatcher::Reports reports;
    os::ErrorLog* error_log;
    std::atomic<std::uint32_t>* waiting;  // Where this thread says how many requests wait for a worker.
    std::uint64_t id_base;                // Request ids of this thread start here.
    TlsContexts tls;                      // For EdgeListener::tls.
    // Not nullopt: this thread has no loop of its own and accepts nobody (local_app.h); the log is this one.
    std::optional<os::UniqueFd> guest_log;
  };
  static Result<std::unique_ptr<EdgeThread>> create(Start start);
  ~EdgeThread();

  // Runs until stop() and the last connection's end, or the grace is over.
  void run();
  // From any thread: runs f on this one soon.
  void post(std::function<void(EdgeThread&)> f);

  // Within nginx's role, whose requests are all that comes.
  bool is_guest() const { return start_.guest_log.has_value(); }
  // A turn of the loop it is a guest of, in these parts: what workers have answered; what waits for workers, which are
  // woken; `longest_ms` is shortened to when it must be looked at again; the time after the wait.
  void begin_turn() { dispatcher_.collect(); }
  void hand_out(int& longest_ms);
  void end_turn(std::uint64_t now_ns, std::time_t wall);

  void stop(std::uint64_t grace_ms);
  void supervisor_gone() { end_now_ = true; }

  const config::EdgeSettings& settings() const { return *start_.settings; }
  const http::HeadLimits& head_limits() const { return head_limits_; }
  const EdgeListener& listener(std::uint8_t index) const { return (*start_.listeners)[index]; }
  // nullptr: no TLS there.
  std::shared_ptr<const tls::Context> tls_of(std::uint8_t listener_index) const {
    const int index = listener(listener_index).tls;
    return index < 0 ? nullptr : start_.tls[static_cast<std::size_t>(index)];
  }
  // For connections that begin from now on.
  void use_tls(TlsContexts contexts) { start_.tls = std::move(contexts); }
  Dispatcher& dispatcher() { return dispatcher_; }
  TimerWheel& timers() { return timers_; }
  const Routes& routes() const { return routes_; }
  StaticFiles& static_files() { return static_files_; }
  AccessLog& access_log() { return access_log_; }
  const os::ErrorLog& error_log() const { return *start_.error_log; }
  os::Poller& poller() { return poller_; }
  std::uint64_t now_ns() const { return now_ns_; }
  std::string_view date();  // IMF-fixdate of now.
  std::time_t wall() const { return wall_; }
  bool stopping() const { return stopping_; }
  std::uint64_t next_request_id() { return ++last_request_id_; }
  const http::VariableLimits& variable_limits() const { return variable_limits_; }
  // Whose forwarded headers count; whose connections begin with a PROXY header.
  bool trusts(const os::Peer& peer, bool is_unix) const;
  bool is_proxy(const os::Peer& peer, bool is_unix) const;
  std::uint32_t connections_max() const { return start_.connections_max; }
  std::uint32_t connection_count() const { return connection_count_; }

  Exchange* take_exchange(ExchangeOwner* owner);
  void give_back(Exchange* exchange);
  void connection_began(Connection& connection);
  void connection_ended(Connection& connection);
  // A line at most once a minute for each `key`: troubles that repeat with every request.
  void log_seldom(std::string_view key, os::LogLevel level, std::string_view text);
  // Scratch memory for composing a response; valid until the next call.
  Buffer& scratch() { return scratch_; }

 private:
  explicit EdgeThread(Start start);
  Result<void> open();
  Result<void> open_access_log();
  void look_after_stalls();
  void turn();
  void accept_from(std::size_t index);
  void pause_accepting(bool pause);
  void run_posted();
  void read_control();

  Start start_;
  http::HeadLimits head_limits_;
  http::VariableLimits variable_limits_;
  os::Poller poller_;
  TimerWheel timers_;
  Dispatcher dispatcher_;
  AccessLog access_log_;
  StaticFiles static_files_;
  Routes routes_;
  TrustedPeers trusted_peers_;
  TrustedPeers proxies_;
  Buffer scratch_;
  std::vector<std::unique_ptr<Exchange>> spare_;
  std::uint64_t now_ns_ = 0;
  std::time_t wall_ = 0;
  std::time_t date_of_ = 0;
  char date_[29] = {};
  std::uint64_t last_request_id_;
  Connection* connections_ = nullptr;
  std::uint32_t connection_count_ = 0;
  bool accepting_ = false;
  bool accept_trouble_ = false;
  Timer accept_again_;
  bool stopping_ = false;
  bool end_now_ = false;
  std::uint64_t stop_deadline_ns_ = 0;
  std::uint64_t next_stall_check_ns_ = 0;
  std::mutex posted_mutex_;
  std::vector<std::function<void(EdgeThread&)>> posted_;
  std::vector<std::pair<std::string, std::uint64_t>> seldom_;
};

}  // namespace tierce::edge
