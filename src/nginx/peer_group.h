// The servers of one upstream block with their addresses and the state of the balancing between them. All threads of a
// process share it: a server that failed in one is left out in all.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "nginx/balancing.h"
#include "nginx/name_resolver.h"

namespace tierce::nginx {

class PeerGroup {
 public:
  explicit PeerGroup(const config::nginx::UpstreamSettings& settings);
  PeerGroup(const PeerGroup&) = delete;
  PeerGroup& operator=(const PeerGroup&) = delete;

  // What a server's name has become. Peers that stay keep their state.
  void set_addresses(std::size_t server, std::vector<PeerAddress> addresses);
  bool empty() const;
  std::size_t tries() const;

  struct Chosen {
    std::size_t server = 0;
    std::size_t peer = 0;
    std::uint64_t generation = 0;
    std::shared_ptr<const PeerAddress> address;
  };
  // What one request has tried; begins anew when addresses have changed meanwhile.
  struct Choice : Balancing::Choice {
    std::uint64_t generation = 0;
  };
  std::optional<Chosen> choose(Choice& choice, std::int64_t now_s);
  struct Released {
    bool disabled = false;  // It is left out for a while from now on.
    bool single = false;    // There is no other.
  };
  Released release(const Chosen& chosen, Balancing::End end, std::int64_t now_s);

 private:
  std::optional<std::size_t> find(std::size_t server, const std::string& address) const;
  void rebuild();

  const Balancing::Method method_;
  const std::vector<config::nginx::UpstreamServer> servers_;
  mutable std::mutex mutex_;
  std::vector<std::vector<PeerAddress>> of_server_;
  std::vector<std::shared_ptr<const PeerAddress>> addresses_;  // In the order of the balancing's peers.
  Balancing balancing_;
  std::uint64_t generation_ = 0;
};

}  // namespace tierce::nginx
