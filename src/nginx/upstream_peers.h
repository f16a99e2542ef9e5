// The servers that requests are passed to: groups of them, by the name of an upstream block or the address of a single
// one; their addresses, and connections that are kept. Belongs to one thread; who is next (peer_group.h) is of all
// threads.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/nginx/model.h"
#include "edge/buffer.h"
#include "edge/local_call.h"
#include "nginx/name_resolver.h"
#include "nginx/peer_group.h"
#include "nginx/signal.h"
#include "nginx/stream.h"

namespace tierce::nginx {

namespace conf = config::nginx;
class Site;

// A connection to a server, with what it has sent and nobody has read yet.
struct UpstreamConnection : edge::FromFreeList {
  std::unique_ptr<Stream> stream;
  edge::Buffer in;
  std::string address;
  std::uint32_t requests = 0;
  std::uint64_t began_ms = 0, idle_since_ms = 0;
  bool reused = false;
  std::unique_ptr<edge::LocalCall> call;  // In place of a connection: its answer goes into `in`.
};

class UpstreamGroup {
 public:
  // `shared`: of an upstream block; nullptr: a group of its own.
  UpstreamGroup(Site& site, const conf::UpstreamSettings& settings, PeerGroup* shared);
  // Of a single address that no block names. kGiven: set_addresses() says what its name stands for.
  enum class Names : std::uint8_t { kLookedUp, kGiven };
  UpstreamGroup(Site& site, const conf::Address& address, Names names);
  ~UpstreamGroup();
  UpstreamGroup(const UpstreamGroup&) = delete;
  UpstreamGroup& operator=(const UpstreamGroup&) = delete;
  // As DNS has said just now, in any order.
  void set_addresses(std::vector<PeerAddress> addresses);

  const conf::UpstreamSettings& settings() const { return settings_; }
  PeerGroup& peers() { return *peers_; }
  // Names are looked up beside the loop. While that goes on, those who wait for it are told when it is over.
  bool resolving() const { return pending_ > 0; }
  void when_resolved(std::function<void()> told) { waiting_.push_back(std::move(told)); }

  std::unique_ptr<UpstreamConnection> take_kept(const std::string& address);
  void keep(std::unique_ptr<UpstreamConnection> connection);

 private:
  void look_up(std::size_t server);
  void look_up_missing();
  bool is_stale(const UpstreamConnection& kept) const;
  void close_stale();

  void look_up_names();

  Site& site_;
  std::unique_ptr<conf::UpstreamSettings> own_settings_;
  const conf::UpstreamSettings& settings_;
  std::vector<std::string> given_;  // The texts of set_addresses(), sorted.
  std::unique_ptr<PeerGroup> own_;
  PeerGroup* peers_;
  std::vector<bool> missing_;                             // Of the servers: their names are not known yet.
  std::deque<std::unique_ptr<UpstreamConnection>> kept_;  // The longest idle first.
  std::size_t pending_ = 0;
  std::vector<std::function<void()>> waiting_;
  Timer again_, close_;
  std::shared_ptr<bool> alive_;  // For look-ups that end later.
};

class UpstreamGroups {
 public:
  explicit UpstreamGroups(Site& site) : site_(site) {}
  void open();
  // nullptr: no upstream block has this name.
  std::shared_ptr<UpstreamGroup> find(const std::string& name);
  // One for a single address, made when it is first asked for. Requests may name any: those that are remembered are
  // bounded, and one that nobody has used for long is forgotten.
  std::shared_ptr<UpstreamGroup> of_address(const conf::Address& address,
                                            UpstreamGroup::Names names = UpstreamGroup::Names::kLookedUp);

 private:
  struct Single {
    std::shared_ptr<UpstreamGroup> group;
    std::uint64_t used = 0;
  };
  void forget_oldest();

  Site& site_;
  std::map<std::string, std::shared_ptr<UpstreamGroup>> named_;
  std::map<std::string, Single> single_;
  std::uint64_t uses_ = 0;
};

}  // namespace tierce::nginx
