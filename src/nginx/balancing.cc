#include "nginx/balancing.h"

#include <zlib.h>

#include <random>

#include "nginx/address_list.h"

namespace tierce::nginx {
namespace {

// nginx's: of an IPv4 address the first three bytes, so that a network keeps its server.
std::uint32_t ip_hash_step(std::uint32_t hash, std::string_view bytes) {
  for (const char c : bytes) hash = (hash * 113 + static_cast<unsigned char>(c)) % 6271;
  return hash;
}

std::string hashed_bytes(std::string_view remote) {
  const auto ip = parse_ip(remote);
  if (!ip) return std::string("\0\0\0", 3);
  const bool is_ipv4 = remote.find(':') == std::string_view::npos;
  const auto* bytes = reinterpret_cast<const char*>(ip->data());
  return is_ipv4 ? std::string(bytes + 12, 3) : std::string(bytes, 16);
}

std::uint32_t crc(std::string_view text) {
  return static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

}  // namespace

void Balancing::set(const config::nginx::UpstreamSettings& settings, std::vector<Peer> peers) {
  how_ = settings.balance;
  peers_ = std::move(peers);
}

bool Balancing::usable(const Peer& peer, std::int64_t now_s) const {
  if (peer.down) return false;
  if (peer.max_fails != 0 && peer.fails >= peer.max_fails && now_s - peer.checked_s <= peer.fail_timeout_s)
    return false;
  return peer.connections_max == 0 || peer.connections < peer.connections_max;
}

std::optional<std::size_t> Balancing::take(std::size_t index, Choice& choice, std::int64_t now_s) {
  Peer& peer = peers_[index];
  choice.tried[index] = true;
  ++choice.attempts;
  ++peer.connections;
  if (now_s - peer.checked_s > peer.fail_timeout_s) peer.checked_s = now_s;
  return index;
}

std::optional<std::size_t> Balancing::round_robin(Choice& choice, std::int64_t now_s, bool backup) {
  std::optional<std::size_t> best;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    Peer& peer = peers_[i];
    if (peer.backup != backup || choice.tried[i] || !usable(peer, now_s)) continue;
    peer.current += peer.effective;
    total += peer.effective;
    if (peer.effective < peer.weight) ++peer.effective;
    if (!best || peer.current > peers_[*best].current) best = i;
  }
  if (!best) return std::nullopt;
  peers_[*best].current -= total;
  return take(*best, choice, now_s);
}

std::optional<std::size_t> Balancing::least_connections(Choice& choice, std::int64_t now_s, bool backup) {
  std::optional<std::size_t> best;
  std::vector<std::size_t> equals;
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    const Peer& peer = peers_[i];
    if (peer.backup != backup || choice.tried[i] || !usable(peer, now_s)) continue;
    if (best) {
      const std::int64_t mine = peer.connections * peers_[*best].weight;
      const std::int64_t theirs = peers_[*best].connections * peer.weight;
      if (mine > theirs) continue;
      if (mine < theirs) equals.clear();
    }
    if (equals.empty()) best = i;
    equals.push_back(i);
  }
  if (!best) return std::nullopt;
  // Among equals by turns, weighted.
  std::size_t chosen = equals.front();
  std::int64_t total = 0;
  for (const std::size_t i : equals) {
    Peer& peer = peers_[i];
    peer.current += peer.effective;
    total += peer.effective;
    if (peer.effective < peer.weight) ++peer.effective;
    if (peer.current > peers_[chosen].current) chosen = i;
  }
  peers_[chosen].current -= total;
  return take(chosen, choice, now_s);
}

// The peer at the place that the hash names among the weights.
std::optional<std::size_t> Balancing::by_hash(Choice& choice, std::int64_t now_s, std::uint32_t hash) {
  std::int64_t total = 0;
  for (const Peer& peer : peers_) total += peer.backup ? 0 : peer.weight;
  if (total == 0) return std::nullopt;
  std::int64_t place = static_cast<std::int64_t>(hash) % total;
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    if (peers_[i].backup) continue;
    place -= peers_[i].weight;
    if (place >= 0) continue;
    if (choice.tried[i] || !usable(peers_[i], now_s)) return std::nullopt;
    return take(i, choice, now_s);
  }
  return std::nullopt;
}

std::optional<std::size_t> Balancing::choose(Choice& choice, std::int64_t now_s) {
  using Balance = config::nginx::UpstreamSettings::Balance;
  choice.tried.resize(peers_.size());
  if (peers_.size() == 1 && !peers_.front().down) {
    if (choice.tried.front()) return std::nullopt;
    return take(0, choice, now_s);
  }
  std::optional<std::size_t> chosen;
  constexpr int kHashTries = 20;  // nginx's; then by turns.
  switch (how_) {
    case Balance::kIpHash: {
      const std::string bytes = hashed_bytes(choice.remote);
      std::uint32_t hash = 89;
      for (int i = 0; i < kHashTries && !chosen; ++i) chosen = by_hash(choice, now_s, hash = ip_hash_step(hash, bytes));
      break;
    }
    case Balance::kHash:
    case Balance::kConsistentHash: {
      std::uint32_t sum = 0;
      for (int i = 0; i < kHashTries && !chosen; ++i) {
        const std::string text = (i == 0 ? std::string() : std::to_string(i)) + std::string(choice.key);
        sum += (crc(text) >> 16) & 0x7fff;
        chosen = by_hash(choice, now_s, sum);
      }
      break;
    }
    case Balance::kLeastConn:
      chosen = least_connections(choice, now_s, false);
      break;
    case Balance::kRandom:
    case Balance::kRandomTwo: {
      thread_local std::minstd_rand random{std::random_device{}()};
      for (int i = 0; i < kHashTries && !chosen; ++i)
        chosen = by_hash(choice, now_s, static_cast<std::uint32_t>(random()));
      break;
    }
    case Balance::kRoundRobin:
      break;
  }
  if (!chosen) chosen = round_robin(choice, now_s, false);
  if (!chosen) chosen = round_robin(choice, now_s, true);
  if (chosen || choice.attempts > 0) return chosen;
  // All have failed: they are all tried again, as in nginx.
  for (Peer& peer : peers_) peer.fails = 0;
  return std::nullopt;
}

void Balancing::release(std::size_t index, End end, std::int64_t now_s) {
  if (index >= peers_.size()) return;
  Peer& peer = peers_[index];
  --peer.connections;
  if (peers_.size() == 1) {
    peer.fails = 0;
    return;
  }
  if (end == End::kFailed) {
    ++peer.fails;
    peer.accessed_s = peer.checked_s = now_s;
    if (peer.max_fails != 0) peer.effective = std::max<std::int64_t>(0, peer.effective - peer.weight / peer.max_fails);
  } else if (peer.accessed_s < peer.checked_s) {
    peer.fails = 0;
  }
}

}  // namespace tierce::nginx
