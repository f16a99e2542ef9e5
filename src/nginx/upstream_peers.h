// The servers that requests are passed to: groups of them, by the name of an upstream block or the address of a single
// one; their addresses, who is next, and connections that are kept. Belongs to one thread.
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
#include "nginx/balancing.h"
#include "nginx/name_resolver.h"
#include "nginx/signal.h"
#include "nginx/stream.h"

namespace tierce::nginx {

namespace conf = config::nginx;
class Site;

// A connection to a server, with what it has sent and nobody has read yet.
struct UpstreamConnection {
  std::unique_ptr<Stream> stream;
  edge::Buffer in;
  std::string address;
  std::uint32_t requests = 0;
  std::uint64_t began_ms = 0;
  bool reused = false;
};

class UpstreamGroup {
 public:
  UpstreamGroup(Site& site, const conf::UpstreamSettings& settings);

  const conf::UpstreamSettings& settings() const { return settings_; }
  Balancing& balancing() { return balancing_; }
  const PeerAddress& address(std::size_t peer) const { return addresses_[peer]; }
  std::size_t size() const { return addresses_.size(); }
  // Names are looked up beside the loop. While that goes on, those who wait for it are told when it is over.
  bool resolving() const { return pending_ > 0; }
  void when_resolved(std::function<void()> told) { waiting_.push_back(std::move(told)); }

  std::unique_ptr<UpstreamConnection> take_kept(const std::string& address);
  void keep(std::unique_ptr<UpstreamConnection> connection);

 private:
  void look_up(std::size_t server);
  void look_up_missing();
  void rebuild();

  Site& site_;
  const conf::UpstreamSettings& settings_;
  std::vector<std::vector<PeerAddress>> of_server_;
  std::vector<PeerAddress> addresses_;
  Balancing balancing_;
  std::deque<std::unique_ptr<UpstreamConnection>> kept_;
  std::size_t pending_ = 0;
  std::vector<std::function<void()>> waiting_;
  Timer again_;
};

class UpstreamGroups {
 public:
  explicit UpstreamGroups(Site& site) : site_(site) {}
  void open();
  // nullptr: no upstream block has this name.
  UpstreamGroup* find(const std::string& name);
  // One for a single address, made when it is first asked for.
  UpstreamGroup& of_address(const conf::Address& address);

 private:
  Site& site_;
  std::map<std::string, std::unique_ptr<UpstreamGroup>> named_;
  std::map<std::string, std::unique_ptr<UpstreamGroup>> single_;
  std::vector<std::unique_ptr<conf::UpstreamSettings>> made_;
};

}  // namespace tierce::nginx
