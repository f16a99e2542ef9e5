// An application of another program of this machine whose workers an edge thread reaches through shared memory, without
// a socket: the visitor's side of gateway/door.h. To whoever uses it, it is a server to connect to. What happens behind
// connect() is what would happen behind the application's own socket, its limits, its log lines and its answers of 502
// to 504 included, for it is the same code (connection.h). A part of one thread's loop, which calls it as said below.
#pragma once

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/edge_welcome.h"
#include "edge/edge_thread.h"
#include "edge/local_call.h"
#include "edge/memory_pair.h"
#include "gateway/door.h"

namespace tierce::edge {

class LocalApp {
 public:
  // kAsked: it is not known yet whether there is anybody. kClosed: nobody is, now.
  enum class State : std::uint8_t { kClosed, kAsked, kOpen };
  explicit LocalApp(PairQueue& queue) : queue_(queue) {}
  ~LocalApp();

  State state() const { return state_; }
  // Not while an application that stops still answers.
  bool may_ask() const { return !door_; }
  // Begins anew with this end of a door.
  void ask(os::MessageChannel door);
  // Where its socket is, as it has said instead of letting us in; "" for nowhere, or not known.
  const std::string& socket() const { return socket_; }
  // Its program has failed to start.
  bool away() const { return away_; }
  // Readable when read_door() has something to do; valid while the state is not kClosed or somebody is still served.
  int door() const { return door_.fd(); }
  // Readable when workers have answered; take it by on_wakeup(). -1 before the first welcome.
  int wakeup() const { return wakeup_.get(); }
  void on_wakeup() const;
  // What the application's supervisor says. Descriptors that the caller watches may be closed by it: `unwatch` is
  // called with each before that.
  template <typename Unwatch>
  void read_door(Unwatch&& unwatch) {
    while (step(unwatch)) {
    }
  }

  // A connection to what the application listens on there; nullptr when it has no such address, or is not open.
  std::unique_ptr<PairEnd> connect(std::string_view address, const os::Peer& peer);

  // One request to it, whole, whose answer goes into `answer`; nullptr as above, and for protocols that need a
  // connection.
  std::unique_ptr<LocalCall> call(std::string_view address, const os::Peer& peer, CallNews& news, Buffer& answer,
                                  LocalCall::Told told, void* who);

  // The parts of a turn; see EdgeThread.
  void begin_turn();
  void hand_out(int& longest_ms);
  bool spin_for_answer() const { return edge_ != nullptr && edge_->dispatcher().spin_for_answer(); }
  bool prepare_sleep() { return edge_ == nullptr || edge_->dispatcher().prepare_sleep(); }
  void cancel_sleep();
  void end_turn(std::uint64_t now_ns, std::time_t wall);
  // Nobody is served any more.
  bool idle() const;

 private:
  bool step(const std::function<void(int)>& unwatch);
  Result<void> welcome(const gateway::ControlMessage& message, std::vector<os::UniqueFd> descriptors);
  Result<void> make_edge(config::EdgeWelcome welcome, os::UniqueFd access_log);
  Result<void> attach(const gateway::ControlMessage& message, std::vector<os::UniqueFd> descriptors);
  void act(const gateway::ControlMessage& message, std::vector<os::UniqueFd> descriptors);
  void lose(const std::function<void(int)>& unwatch);
  void say(const gateway::ControlMessage& message);
  // Of the addresses it listens on; nullopt: none.
  std::optional<std::uint8_t> listener_at(std::string_view address) const;

  PairQueue& queue_;
  State state_ = State::kClosed;
  os::MessageChannel door_;
  os::UniqueFd wakeup_;
  os::UniqueFd error_file_;
  os::ErrorLog error_log_;
  std::string socket_;
  bool away_ = false;
  std::string packed_;  // The settings of edge_, as they came.
  bool stopping_ = false, stopped_said_ = false;
  std::uint32_t port_ = 0, ports_ = 0;
  std::vector<config::WelcomeListener> addresses_;
  std::vector<std::uint32_t> workers_;
  // What an edge thread refers to, and itself.
  struct Settings {
    config::EdgeSettings settings;
    std::vector<config::EdgeListener> listeners;
  };
  std::unique_ptr<Settings> settings_;
  std::unique_ptr<EdgeThread> edge_;
  // Threads with settings of before, until their last connection has ended.
  std::vector<std::pair<std::unique_ptr<Settings>, std::unique_ptr<EdgeThread>>> former_;
};

}  // namespace tierce::edge
