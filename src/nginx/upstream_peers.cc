#include "nginx/upstream_peers.h"

#include <fmt/format.h>

#include "nginx/error_logs.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

// A name that nobody knows is asked for again after so long.
constexpr std::uint64_t kAgainNs = 10'000'000'000;

}  // namespace

UpstreamGroup::UpstreamGroup(Site& site, const conf::UpstreamSettings& settings)
    : site_(site), settings_(settings), of_server_(settings.servers.size()) {
  for (std::size_t i = 0; i < settings.servers.size(); ++i) {
    const conf::Address& address = settings.servers[i].address;
    if (!address.unix_path.empty()) {
      of_server_[i] = {NameResolver::of_unix(address.unix_path)};
    } else {
      of_server_[i] = NameResolver::numeric(address.host, address.port);
      if (of_server_[i].empty()) look_up(i);
    }
  }
  rebuild();
}

void UpstreamGroup::look_up(std::size_t server) {
  ++pending_;
  const conf::Address& address = settings_.servers[server].address;
  site_.names().look_up(
      address.host, address.port, [this, server](std::vector<PeerAddress> found, std::string trouble) {
        --pending_;
        const conf::Address& asked = settings_.servers[server].address;
        if (found.empty()) {
          site_.error_logs().line(Level::kError,
                                  fmt::format("host not found in upstream \"{}\" ({}): it is asked for again in 10 s",
                                              asked.text(), trouble));
          site_.loop().timers().arm(again_, site_.loop().now_ns() + kAgainNs, this,
                                    [](void* self) { static_cast<UpstreamGroup*>(self)->look_up_missing(); });
        } else {
          of_server_[server] = std::move(found);
          rebuild();
        }
        if (pending_ > 0) return;
        const auto told = std::move(waiting_);
        waiting_.clear();
        for (const auto& f : told) f();
      });
}

void UpstreamGroup::look_up_missing() {
  for (std::size_t i = 0; i < of_server_.size(); ++i) {
    if (of_server_[i].empty()) look_up(i);
  }
}

void UpstreamGroup::rebuild() {
  addresses_.clear();
  std::vector<Balancing::Peer> peers;
  for (std::size_t i = 0; i < of_server_.size(); ++i) {
    const conf::UpstreamServer& server = settings_.servers[i];
    for (const PeerAddress& address : of_server_[i]) {
      addresses_.push_back(address);
      Balancing::Peer peer;
      peer.server = i;
      peer.weight = peer.effective = server.weight;
      peer.connections_max = server.max_conns;
      peer.max_fails = server.max_fails;
      peer.fail_timeout_s = server.fail_timeout.count();
      peer.backup = server.backup;
      peer.down = server.down;
      peers.push_back(peer);
    }
  }
  balancing_.set(settings_, std::move(peers));
}

std::unique_ptr<UpstreamConnection> UpstreamGroup::take_kept(const std::string& address) {
  const std::uint64_t now = site_.loop().now_ms();
  for (auto it = kept_.rbegin(); it != kept_.rend();) {
    auto& kept = *it;
    const bool stale = kept->stream->has(kReadable | kGone) || kept->stream->peer_ended() ||
                       (settings_.keepalive_timeout &&
                        now - kept->began_ms > static_cast<std::uint64_t>(settings_.keepalive_timeout->count()));
    if (!stale && kept->address != address) {
      ++it;
      continue;
    }
    auto taken = std::move(kept);
    it = std::make_reverse_iterator(kept_.erase(std::next(it).base()));
    if (stale) {
      bury(site_.loop(), std::move(taken->stream));
      continue;
    }
    taken->reused = true;
    return taken;
  }
  return nullptr;
}

void UpstreamGroup::keep(std::unique_ptr<UpstreamConnection> connection) {
  const auto most = static_cast<std::size_t>(settings_.keepalive.value_or(0));
  const auto requests = settings_.keepalive_requests.value_or(1000);
  if (most == 0 || static_cast<std::int64_t>(connection->requests) >= requests ||
      connection->stream->has(kReadable | kGone)) {
    return bury(site_.loop(), std::move(connection->stream));
  }
  connection->stream->detach();
  connection->began_ms = site_.loop().now_ms();  // Of its idleness.
  if (kept_.size() >= most) {
    bury(site_.loop(), std::move(kept_.front()->stream));
    kept_.pop_front();
  }
  kept_.push_back(std::move(connection));
}

void UpstreamGroups::open() {
  for (const auto& settings : site_.model().upstreams)
    named_.emplace(settings->name, std::make_unique<UpstreamGroup>(site_, *settings));
}

UpstreamGroup* UpstreamGroups::find(const std::string& name) {
  const auto found = named_.find(name);
  return found == named_.end() ? nullptr : found->second.get();
}

UpstreamGroup& UpstreamGroups::of_address(const conf::Address& address) {
  auto& group = single_[address.text()];
  if (group == nullptr) {
    auto settings = std::make_unique<conf::UpstreamSettings>();
    settings->name = address.text();
    settings->servers.push_back({.address = address});
    group = std::make_unique<UpstreamGroup>(site_, *settings);
    made_.push_back(std::move(settings));
  }
  return *group;
}

}  // namespace tierce::nginx
