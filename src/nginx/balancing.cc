#include "nginx/balancing.h"

#include <zlib.h>

#include <algorithm>

#include "nginx/address_list.h"

namespace tierce::nginx {
namespace {

constexpr std::uint32_t kFirstIpHash = 89;

std::uint32_t next_ip_hash(std::uint32_t hash, std::string_view bytes) {
  for (const char c : bytes) hash = (hash * 113 + static_cast<unsigned char>(c)) % 6271;
  return hash;
}

// Of an IPv4 address the first three bytes, so that a network keeps its server.
std::string hashed_bytes(std::string_view remote) {
  const auto ip = parse_ip(remote);
  if (!ip) return std::string("\0\0\0", 3);
  const auto* bytes = reinterpret_cast<const char*>(ip->data());
  return remote.find(':') == std::string_view::npos ? std::string(bytes + 12, 3) : std::string(bytes, 16);
}

std::uint32_t crc(std::string_view text) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

}  // namespace

void Balancing::set(Method method, std::vector<Peer> peers) {
  method_ = method;
  peers_ = std::move(peers);
  const auto backups = std::stable_partition(peers_.begin(), peers_.end(), [](const Peer& p) { return !p.backup; });
  primaries_ = static_cast<std::size_t>(backups - peers_.begin());
  weight_ = 0;
  for (std::size_t i = 0; i < primaries_; ++i) weight_ += peers_[i].weight;
  if (method_ != Method::kConsistentHash) return;
  std::vector<KetamaRing::Server> servers;
  ring_names_.clear();
  for (std::size_t i = 0; i < primaries_; ++i) {
    servers.push_back({peers_[i].name, peers_[i].weight});
    ring_names_.push_back(peers_[i].name);
  }
  ring_ = KetamaRing(servers);
}

std::size_t Balancing::tries() const {
  return static_cast<std::size_t>(std::count_if(peers_.begin(), peers_.end(), [](const Peer& p) { return !p.down; }));
}

bool Balancing::usable(std::size_t index, const Choice& choice, std::int64_t now_s) const {
  const Peer& peer = peers_[index];
  if (choice.tried[index] != 0 || peer.down) return false;
  if (peer.max_fails != 0 && peer.fails >= peer.max_fails && now_s - peer.checked_s <= peer.fail_timeout_s)
    return false;
  return peer.connections_max == 0 || peer.connections < peer.connections_max;
}

std::size_t Balancing::take(std::size_t index, Choice& choice, std::int64_t now_s) {
  Peer& peer = peers_[index];
  choice.tried[index] = 1;
  ++peer.connections;
  // Its time out is over: this request finds out whether it is back.
  if (now_s - peer.checked_s > peer.fail_timeout_s) peer.checked_s = now_s;
  return index;
}

bool Balancing::turn_to_backups(Choice& choice) const {
  if (choice.among_backups || primaries_ == peers_.size()) return false;
  choice.among_backups = true;
  return true;
}

// The peer whose share of the weights `place` lies in.
std::size_t Balancing::at_weight(std::int64_t place) const {
  std::size_t index = 0;
  while (place >= peers_[index].weight) place -= peers_[index++].weight;
  return index;
}

void Balancing::give_turn(std::size_t index, std::int64_t& total) {
  Peer& peer = peers_[index];
  peer.current += peer.effective;
  total += peer.effective;
  if (peer.effective < peer.weight) ++peer.effective;
}

std::optional<std::size_t> Balancing::by_turns(Choice& choice, std::int64_t now_s) {
  if (single()) {
    Peer& only = peers_.front();
    if (only.down || (only.connections_max != 0 && only.connections >= only.connections_max)) return std::nullopt;
    ++only.connections;
    return 0;
  }
  std::optional<std::size_t> best;
  std::int64_t total = 0;
  for (std::size_t i = first(choice); i < last(choice); ++i) {
    if (!usable(i, choice, now_s)) continue;
    give_turn(i, total);
    if (!best || peers_[i].current > peers_[*best].current) best = i;
  }
  if (!best) return turn_to_backups(choice) ? by_turns(choice, now_s) : std::nullopt;
  peers_[*best].current -= total;
  return take(*best, choice, now_s);
}

std::optional<std::size_t> Balancing::least_connections(Choice& choice, std::int64_t now_s) {
  std::optional<std::size_t> best;
  bool several = false;
  const auto compared = [this](std::size_t a, std::size_t b) {
    return peers_[a].connections * peers_[b].weight - peers_[b].connections * peers_[a].weight;
  };
  for (std::size_t i = first(choice); i < last(choice); ++i) {
    if (!usable(i, choice, now_s)) continue;
    if (!best || compared(i, *best) < 0) {
      best = i;
      several = false;
    } else if (compared(i, *best) == 0) {
      several = true;
    }
  }
  if (!best) return turn_to_backups(choice) ? least_connections(choice, now_s) : std::nullopt;
  std::int64_t total = 0;
  // Equals go by turns.
  for (std::size_t i = *best; several && i < last(choice); ++i) {
    if (!usable(i, choice, now_s) || compared(i, *best) != 0) continue;
    give_turn(i, total);
    if (peers_[i].current > peers_[*best].current) best = i;
  }
  peers_[*best].current -= total;
  return take(*best, choice, now_s);
}

std::optional<std::size_t> Balancing::by_address(Choice& choice, std::int64_t now_s) {
  const std::string bytes = hashed_bytes(choice.remote);
  if (!choice.begun) choice.hash = kFirstIpHash;
  choice.begun = true;
  std::uint32_t hash = choice.hash;
  while (choice.misses <= kMissesMax) {
    hash = next_ip_hash(hash, bytes);
    const std::size_t index = at_weight(hash % weight_);
    if (usable(index, choice, now_s)) {
      choice.hash = hash;
      return take(index, choice, now_s);
    }
    ++choice.misses;
  }
  return by_turns(choice, now_s);
}

std::optional<std::size_t> Balancing::by_key(Choice& choice, std::int64_t now_s) {
  while (choice.misses <= kMissesMax) {
    const std::string text =
        (choice.rehash > 0 ? std::to_string(choice.rehash) : std::string()) + std::string(choice.key);
    choice.hash += (crc(text) >> 16) & 0x7fff;
    ++choice.rehash;
    const std::size_t index = at_weight(choice.hash % weight_);
    if (usable(index, choice, now_s)) return take(index, choice, now_s);
    ++choice.misses;
  }
  return by_turns(choice, now_s);
}

std::optional<std::size_t> Balancing::by_ring(Choice& choice, std::int64_t now_s) {
  if (!choice.begun) choice.hash = static_cast<std::uint32_t>(ring_.place_of(choice.key));
  choice.begun = true;
  while (choice.misses <= kMissesMax) {
    const std::string& name = ring_names_[ring_.server_at(choice.hash)];
    // A server with several addresses stands in the ring once: they take turns.
    std::optional<std::size_t> best;
    std::int64_t total = 0;
    for (std::size_t i = 0; i < primaries_; ++i) {
      if (peers_[i].name != name || !usable(i, choice, now_s)) continue;
      give_turn(i, total);
      if (!best || peers_[i].current > peers_[*best].current) best = i;
    }
    if (best) {
      peers_[*best].current -= total;
      return take(*best, choice, now_s);
    }
    ++choice.hash;
    ++choice.misses;
  }
  return by_turns(choice, now_s);
}

std::optional<std::size_t> Balancing::by_dice(Choice& choice, std::int64_t now_s) {
  while (choice.misses <= kMissesMax) {
    const std::size_t index = at_weight(static_cast<std::int64_t>(dice_()) % weight_);
    if (usable(index, choice, now_s)) return take(index, choice, now_s);
    ++choice.misses;
  }
  return by_turns(choice, now_s);
}

std::optional<std::size_t> Balancing::better_of_two(Choice& choice, std::int64_t now_s) {
  std::optional<std::size_t> one;
  while (choice.misses <= kMissesMax) {
    const std::size_t index = at_weight(static_cast<std::int64_t>(dice_()) % weight_);
    if (index == one || !usable(index, choice, now_s)) {
      ++choice.misses;
      continue;
    }
    if (!one) {
      one = index;
      continue;
    }
    const Peer &a = peers_[*one], &b = peers_[index];
    return take(b.connections * a.weight > a.connections * b.weight ? *one : index, choice, now_s);
  }
  return by_turns(choice, now_s);
}

std::optional<std::size_t> Balancing::choose(Choice& choice, std::int64_t now_s) {
  choice.tried.resize(peers_.size());
  if (single() || primaries_ == 0) return by_turns(choice, now_s);
  switch (method_) {
    case Method::kIpHash:
      return by_address(choice, now_s);
    case Method::kHash:
      return choice.key.empty() ? by_turns(choice, now_s) : by_key(choice, now_s);
    case Method::kConsistentHash:
      return choice.key.empty() ? by_turns(choice, now_s) : by_ring(choice, now_s);
    case Method::kLeastConn:
      return least_connections(choice, now_s);
    case Method::kRandom:
      return by_dice(choice, now_s);
    case Method::kRandomTwo:
      return better_of_two(choice, now_s);
    case Method::kRoundRobin:
      break;
  }
  return by_turns(choice, now_s);
}

bool Balancing::release(std::size_t index, End end, std::int64_t now_s) {
  Peer& peer = peers_[index];
  --peer.connections;
  if (single()) return false;
  if (end == End::kGood) {
    // Alive again: the request that was to find out has.
    if (peer.accessed_s < peer.checked_s) peer.fails = 0;
    return false;
  }
  ++peer.fails;
  peer.accessed_s = peer.checked_s = now_s;
  if (peer.max_fails == 0) return false;
  peer.effective = std::max<std::int64_t>(0, peer.effective - peer.weight / peer.max_fails);
  return peer.fails >= peer.max_fails;
}

}  // namespace tierce::nginx
