// Which of several servers gets the next request: smooth weighted round robin, and who is left out after failures.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "config/nginx/passing_settings.h"

namespace tierce::nginx {

class Balancing {
 public:
  struct Peer {
    std::size_t server = 0;  // Of the upstream block: its weight and limits.
    std::int64_t weight = 1, effective = 1, current = 0;
    std::int64_t connections = 0, connections_max = 0;
    std::int64_t fails = 0, max_fails = 1, fail_timeout_s = 10;
    std::int64_t accessed_s = 0, checked_s = 0;
    bool backup = false, down = false;
  };
  // What one request has tried so far, and by what it is told apart.
  struct Choice {
    std::vector<bool> tried;
    std::string_view key;     // Of hash.
    std::string_view remote;  // Text of the client's address, of ip_hash.
    std::size_t attempts = 0;
  };

  void set(const config::nginx::UpstreamSettings& settings, std::vector<Peer> peers);
  // nullopt: none is left.
  std::optional<std::size_t> choose(Choice& choice, std::int64_t now_s);
  enum class End : std::uint8_t { kGood, kFailed };
  void release(std::size_t index, End end, std::int64_t now_s);
  const std::vector<Peer>& peers() const { return peers_; }

 private:
  bool usable(const Peer& peer, std::int64_t now_s) const;
  std::optional<std::size_t> round_robin(Choice& choice, std::int64_t now_s, bool backup);
  std::optional<std::size_t> least_connections(Choice& choice, std::int64_t now_s, bool backup);
  std::optional<std::size_t> by_hash(Choice& choice, std::int64_t now_s, std::uint32_t hash);
  std::optional<std::size_t> take(std::size_t index, Choice& choice, std::int64_t now_s);

  config::nginx::UpstreamSettings::Balance how_ = config::nginx::UpstreamSettings::Balance::kRoundRobin;
  std::vector<Peer> peers_;
};

}  // namespace tierce::nginx
