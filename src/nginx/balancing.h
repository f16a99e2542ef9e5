// Which of several servers gets the next request, and who is left out after failures: nginx's rules. Pure: the time is
// told, in whole seconds, and nobody else is asked for anything. Belongs to one thread, or stands behind a lock.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "config/nginx/passing_settings.h"
#include "nginx/ketama_ring.h"

namespace tierce::nginx {

class Balancing {
 public:
  using Method = config::nginx::UpstreamSettings::Balance;
  // One address of a server of the upstream block.
  struct Peer {
    std::size_t server = 0;  // Of the upstream block.
    std::string name;        // As it was written there.
    std::int64_t weight = 1, effective = 1, current = 0;
    std::int64_t connections = 0, connections_max = 0;
    std::int64_t fails = 0, max_fails = 1, fail_timeout_s = 10;
    std::int64_t accessed_s = 0, checked_s = 0;
    bool backup = false, down = false;
  };
  // What one request has tried so far, and by what it is told apart. `key` and `remote` outlive it.
  struct Choice {
    std::string_view key;        // Of hash.
    std::string_view remote;     // Text of the client's address, of ip_hash.
    std::string tried;           // Of each peer 1 or 0: the usual few need no memory of their own.
    bool among_backups = false;  // The others are not asked again.
    bool begun = false;
    unsigned misses = 0;     // Of hashes and dice, until it goes by turns.
    std::uint32_t hash = 0;  // The last one; of a ring, the place.
    unsigned rehash = 0;
  };

  explicit Balancing(std::uint32_t seed = std::random_device{}()) : dice_(seed) {}

  void set(Method method, std::vector<Peer> peers);
  // The index of a peer, which has a connection more now. nullopt: none is alive, or all have been tried.
  std::optional<std::size_t> choose(Choice& choice, std::int64_t now_s);
  enum class End : std::uint8_t { kGood, kFailed };
  // Exactly once for what choose() gave. True: the peer has failed so often that it is left out for its fail_timeout.
  bool release(std::size_t index, End end, std::int64_t now_s);

  // Nobody else to turn to: such a peer is never left out.
  bool single() const { return primaries_ == 1 && peers_.size() == 1; }
  // How many attempts a request may make.
  std::size_t tries() const;
  const std::vector<Peer>& peers() const { return peers_; }

 private:
  static constexpr unsigned kMissesMax = 20;

  bool usable(std::size_t index, const Choice& choice, std::int64_t now_s) const;
  std::size_t take(std::size_t index, Choice& choice, std::int64_t now_s);
  // The indices that are to be looked at now.
  std::size_t first(const Choice& choice) const { return choice.among_backups ? primaries_ : 0; }
  std::size_t last(const Choice& choice) const { return choice.among_backups ? peers_.size() : primaries_; }
  bool turn_to_backups(Choice& choice) const;
  std::size_t at_weight(std::int64_t place) const;
  void give_turn(std::size_t index, std::int64_t& total);

  std::optional<std::size_t> by_turns(Choice& choice, std::int64_t now_s);
  std::optional<std::size_t> least_connections(Choice& choice, std::int64_t now_s);
  std::optional<std::size_t> by_address(Choice& choice, std::int64_t now_s);
  std::optional<std::size_t> by_key(Choice& choice, std::int64_t now_s);
  std::optional<std::size_t> by_ring(Choice& choice, std::int64_t now_s);
  std::optional<std::size_t> by_dice(Choice& choice, std::int64_t now_s);
  std::optional<std::size_t> better_of_two(Choice& choice, std::int64_t now_s);

  Method method_ = Method::kRoundRobin;
  std::vector<Peer> peers_;  // Backups last.
  std::size_t primaries_ = 0;
  std::int64_t weight_ = 0;  // Of the primaries.
  KetamaRing ring_{{}};
  std::vector<std::string> ring_names_;
  std::minstd_rand dice_;
};

}  // namespace tierce::nginx
