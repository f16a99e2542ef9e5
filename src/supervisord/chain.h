// `tierce up`: programs that are servers whose place we take run as roles of this binary, and an edge among them
// reaches the applications through shared memory. Each role has a channel to us (gateway/door.h): applications say what
// they listen on, and the doors that an edge asks for are handed on to whom they are meant for. No bytes of requests
// pass through here.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/chain/program_role.h"
#include "gateway/door.h"
#include "os/callback_loop.h"
#include "supervisord/process_state.h"

namespace tierce::supervisord {

class Chain {
 public:
  // Plays a role in a process of its own until it ends; the exit status. `words`: the role's name, its arguments.
  using Play = std::function<int(const std::vector<std::string>& words)>;
  struct Rules {
    Play play;
    bool fuses = true;        // Requests reach applications through shared memory.
    bool links_only = false;  // Roles are those programs alone that are this binary under another name.
  };
  // `log` takes lines for the activity log.
  Chain(os::CallbackLoop& loop, Rules rules, std::function<void(const std::string&)> log)
      : loop_(loop), rules_(std::move(rules)), log_(std::move(log)) {}

  const Rules& rules() const { return rules_; }

  // A role is about to be started: the channel's end that is its own. Without one the role runs by itself. `names`:
  // what it is called in files, the first of them by itself alone.
  os::UniqueFd begin(const std::vector<std::string>& names, config::chain::ProgramRole role);
  // It has ended. Who asks for it in the next moment is kept waiting, for it may be starting again; where it never got
  // so far as to serve, or time after time does not last, the start has failed, and those are told so.
  enum class Ending : std::uint8_t { kAsked, kByItself, kAgain };
  void ended(const std::string& program, TimePoint now, Ending ending);
  // It could not be started, or is started no more.
  void gave_up(const std::vector<std::string>& names, config::chain::ProgramRole role);
  // Somebody starts it by hand: what has gone wrong before says nothing.
  void start_asked(const std::string& program);
  // The whole server ends: nobody who is down comes back. Edges hear of it by the end of what can come to them.
  void end();
  // The program is down for good, as far as anybody knows.
  void tick(TimePoint now);
  TimePoint deadline() const;

 private:
  struct Role {
    config::chain::ProgramRole role = config::chain::ProgramRole::kOther;
    std::vector<std::string> names;
    os::MessageChannel channel;  // Closed while it is down.
    bool settled = false;        // It has said all its addresses, and does not leave.
    TimePoint died{};            // The last one that was ready.
    bool ready = false;          // It has said so: its application is there.
    bool failed = false;         // Its last start has come to nothing.
    bool renews = false;         // The addresses are those of its life before.
    TimePoint down_since = TimePoint::max();
    std::vector<std::string> addresses;
    std::uint64_t last_visit = 0;  // Which of all visits the last was that it has taken.
    // Somebody is let in at once.
    bool serves() const { return channel && settled && ready; }
    void begin_addresses() {
      if (std::exchange(renews, false)) addresses.clear();
    }
  };
  struct Visit {
    std::string address;
    os::UniqueFd door;
    TimePoint until;  // While nobody knows whose the address is.
  };
  Role& know(const std::vector<std::string>& names, config::chain::ProgramRole role);
  void close(Role& role);
  void read(const std::string& program);
  void take(const std::string& program, Role& role, const gateway::ChainMessage& message,
            std::vector<os::UniqueFd> descriptors);
  // Who is meant by it: of several one that serves, each in his turn; else one that may yet come.
  Role* owner_of(const std::string& address, TimePoint now);
  bool comes(const Role& role, TimePoint now) const;
  // Whether somebody who may turn out to be meant by an address is still to say so.
  bool somebody_starts(const Role* owner, TimePoint now) const;
  void look_at_visits();
  bool hand_on(Visit& visit, TimePoint now);
  bool let_in(Role& owner, const Visit& visit);

  os::CallbackLoop& loop_;
  Rules rules_;
  std::function<void(const std::string&)> log_;
  std::map<std::string, Role> roles_;  // By the first of their names.
  std::uint64_t visits_seen_ = 0;
  bool ending_ = false;
  std::vector<Visit> visits_;  // That wait for somebody to come up.
};

}  // namespace tierce::supervisord
