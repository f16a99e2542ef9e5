// Edges of other programs that have come in through the door (gateway/door.h): their ports, what they are told, what
// they still have to say. The supervisor decides; this keeps the books and the channels.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "gateway/control.h"
#include "gateway/door.h"
#include "os/message_backlog.h"
#include "os/message_channel.h"
#include "supervise/sources.h"

namespace tierce::supervise {

class Visitors {
 public:
  // What comes of their messages.
  struct Events {
    // Somebody stands at the door, with this address in mind.
    std::function<void(os::MessageChannel)> came;
    // Nobody holds requests of this worker any more, of those who were told to drain it.
    std::function<void(std::uint32_t worker)> drained;
    std::function<void(const gateway::ControlMessage&)> timed_out;
    // The last of those who were told to stop has done so.
    std::function<void()> stopped;
  };
  // Takes the channel that the environment names, if it names one; nobody who is started later sees it.
  void open(Events events);
  // Under a parent who hands visitors on.
  bool any_door() const { return static_cast<bool>(chain_); }
  // It hands them on to be told where the socket is, and no more.
  bool names_only() const { return names_only_; }
  std::uint32_t ports() const { return any_door() && !names_only_ ? gateway::kPorts : 0; }
  void announce(const std::string& address);
  // All have been announced, or there is none.
  void settle();
  // Who comes in from now on is answered. To be said before any of them is let in.
  void ready();

  void add_sources(Sources& sources);
  // In a child that is none of our business.
  void let_go();

  // Gives the visitor a free port and takes its channel. nullopt: there is none.
  std::optional<std::uint32_t> admit(os::MessageChannel& channel);
  // To one who is not let in: where it can connect to, "" for nowhere.
  static void show_socket(os::MessageChannel& channel, const std::string& address);
  // To one of them, or to all.
  void tell(std::uint32_t port, const gateway::ControlMessage& message, std::span<const int> descriptors = {});
  void tell_all(const gateway::ControlMessage& message, std::span<const int> descriptors = {});
  // Asks all to give the worker nothing more. False: there is nobody to ask.
  bool drain(std::uint32_t worker);
  // The worker has died: nobody is waited for because of it.
  void forget_worker(std::uint32_t worker) { draining_.erase(worker); }
  // Asks all to stop. False: there is nobody.
  bool stop();
  void send_away_all();
  bool any() const { return !visitors_.empty(); }
  template <typename F>
  void for_each(F&& f) const {
    for (const auto& [port, visitor] : visitors_) f(port);
  }

 private:
  struct Visitor {
    os::MessageChannel channel;
    os::MessageBacklog backlog;
  };
  void read_chain();
  void read(std::uint32_t port);
  void leave(std::uint32_t port);
  void said_drained(std::uint32_t port, std::uint32_t worker);

  os::MessageChannel chain_;
  bool names_only_ = false, ready_said_ = false;
  Events events_;
  std::map<std::uint32_t, Visitor> visitors_;                  // By port.
  std::map<std::uint32_t, std::set<std::uint32_t>> draining_;  // Worker: who has not said that it is drained.
  bool stopping_ = false;
};

}  // namespace tierce::supervise
