#include "nginx/peer_group.h"

#include <algorithm>

namespace tierce::nginx {

PeerGroup::PeerGroup(const config::nginx::UpstreamSettings& settings)
    : method_(settings.balance), servers_(settings.servers), of_server_(servers_.size()) {
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const config::nginx::Address& address = servers_[i].address;
    if (!address.app.empty()) {
      PeerAddress of_app;
      of_app.text = address.text();
      of_server_[i] = {std::move(of_app)};
    } else if (!address.unix_path.empty()) {
      of_server_[i] = {NameResolver::of_unix(address.unix_path)};
    } else {
      of_server_[i] = NameResolver::numeric(address.host, address.port);
    }
  }
  rebuild();
}

void PeerGroup::set_addresses(std::size_t server, std::vector<PeerAddress> addresses) {
  const std::lock_guard lock(mutex_);
  const auto same = [](const PeerAddress& a, const PeerAddress& b) { return a.text == b.text; };
  auto& known = of_server_[server];
  // Each thread asks: an answer in another order is the same.
  if (known.size() == addresses.size() &&
      std::is_permutation(known.begin(), known.end(), addresses.begin(), addresses.end(), same))
    return;
  known = std::move(addresses);
  rebuild();
}

std::optional<std::size_t> PeerGroup::find(std::size_t server, const std::string& address) const {
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    if (balancing_.peers()[i].server == server && addresses_[i]->text == address) return i;
  }
  return std::nullopt;
}

void PeerGroup::rebuild() {
  std::vector<std::shared_ptr<const PeerAddress>> addresses;
  std::vector<Balancing::Peer> peers;
  for (const bool backups : {false, true}) {
    for (std::size_t i = 0; i < of_server_.size(); ++i) {
      const config::nginx::UpstreamServer& server = servers_[i];
      if (server.backup != backups) continue;
      for (const PeerAddress& address : of_server_[i]) {
        Balancing::Peer peer;
        peer.server = i;
        peer.name = server.name;
        peer.weight = peer.effective = server.weight;
        peer.connections_max = server.max_conns;
        peer.max_fails = server.max_fails;
        peer.fail_timeout_s = server.fail_timeout.count();
        peer.backup = server.backup;
        peer.down = server.down;
        const auto before = find(i, address.text);
        peers.push_back(before ? balancing_.peers()[*before] : peer);
        addresses.push_back(std::make_shared<const PeerAddress>(address));
      }
    }
  }
  balancing_.set(method_, std::move(peers));
  addresses_ = std::move(addresses);
  ++generation_;
}

bool PeerGroup::empty() const {
  const std::lock_guard lock(mutex_);
  return addresses_.empty();
}

std::size_t PeerGroup::tries() const {
  const std::lock_guard lock(mutex_);
  return balancing_.tries();
}

std::optional<PeerGroup::Chosen> PeerGroup::choose(Choice& choice, std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  if (choice.generation != generation_) {
    const std::string_view key = choice.key, remote = choice.remote;
    choice = {};
    choice.key = key;
    choice.remote = remote;
    choice.generation = generation_;
  }
  const auto peer = balancing_.choose(choice, now_s);
  if (!peer) return std::nullopt;
  return Chosen{balancing_.peers()[*peer].server, *peer, generation_, addresses_[*peer]};
}

PeerGroup::Released PeerGroup::release(const Chosen& chosen, Balancing::End end, std::int64_t now_s) {
  const std::lock_guard lock(mutex_);
  const auto peer =
      chosen.generation == generation_ ? std::optional(chosen.peer) : find(chosen.server, chosen.address->text);
  // The address is no longer one of the server's.
  if (!peer) return {};
  return {.disabled = balancing_.release(*peer, end, now_s), .single = balancing_.single()};
}

}  // namespace tierce::nginx
