// Processes that stand under one name; of event listeners, also the events that wait for one of them.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/listen_socket.h"
#include "supervisord/process.h"

namespace tierce::supervisord {

class Group {
 public:
  Group(World& world, const conf::GroupSettings& settings);
  ~Group();
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  const conf::GroupSettings& settings() const { return settings_; }
  const std::string& name() const { return settings_.name; }
  // In the order of their priorities.
  const std::vector<std::unique_ptr<Process>>& processes() const { return processes_; }
  Process* find(std::string_view process) const;
  bool has_unstopped() const;
  // All of it are edges that finish what runs when they are stopped.
  bool is_edge() const;
  void stop_all(TimePoint now);
  void stop_at_once(TimePoint now);
  void tick(TimePoint now, bool may_start);
  TimePoint deadline(bool may_start) const;
  // All but the processes is as it is here, so that it can be brought there one process at a time.
  bool differs_in_processes_only(const conf::GroupSettings& other) const;
  void add(const conf::ProcessSettings& settings);
  // Of processes that are down.
  void remove(const std::string& process);
  void replace(const conf::ProcessSettings& settings);

 private:
  struct Waiting {
    EventPtr event;
    std::uint64_t pool_serial;
  };
  std::unique_ptr<Process> make(const conf::ProcessSettings& settings);
  void open_fcgi_socket();
  void accept(const EventPtr& event);
  void accept_again(const EventPtr& event);
  void make_room();
  void dispatch();

  World& world_;
  conf::GroupSettings settings_;
  os::ListenSocket socket_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::deque<Waiting> waiting_;
  std::vector<Waiting> given_;  // In the hands of a listener.
  std::uint64_t pool_serial_ = 0;
};

}  // namespace tierce::supervisord
