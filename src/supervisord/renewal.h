// Processes that are stopped and started again, all at once or one after the other, each when the one before is ready.
// With new settings, where there are some.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "supervisord/rpc_value.h"
#include "supervisord/server.h"

namespace tierce::supervisord {

// One of them.
class Renewal {
 public:
  // `fresh`: the settings it has from then on; nullopt: as it was. One that was down stays down, unless new settings
  // say autostart.
  Renewal(Server& server, std::string group, std::string process, std::optional<conf::ProcessSettings> fresh)
      : server_(&server), group_(std::move(group)), process_(std::move(process)), fresh_(std::move(fresh)) {}
  // It is stopped and forgotten.
  static Renewal removal(Server& server, std::string group, std::string process);

  const std::string& group() const { return group_; }
  const std::string& process() const { return process_; }
  // To be asked at every turn until it is done: true, or what went wrong.
  std::optional<Outcome> step();
  // What has become of it when step() says true.
  const char* done() const { return removes_ ? "removed" : was_up_ ? "restarted" : "updated"; }

 private:
  Outcome bring_up(Group& group, Process& process);

  Server* server_;
  std::string group_;
  std::string process_;
  std::optional<conf::ProcessSettings> fresh_;
  bool removes_ = false;
  bool begun_ = false;
  bool was_up_ = false;
  pid_t pid_ = 0;  // Of the new one.
};

class Renewals {
 public:
  // `rolling`: the first that does not come back ends it, and the rest stays as it is.
  void add(Renewal one, bool rolling) { (rolling ? rolling_ : at_once_).push_back(std::move(one)); }
  // For what is done already.
  void add_result(const std::string& group, const std::string& process, const Outcome& outcome,
                  const std::string& good);
  // One entry for each, as startProcessGroup answers; nullopt: not yet.
  std::optional<Value> step();

 private:
  std::vector<Renewal> at_once_;
  std::vector<Renewal> rolling_;
  Value::Array results_;
};

}  // namespace tierce::supervisord
