#include "nginx/upstream_peers.h"

#include <fmt/format.h>

#include <algorithm>

#include "nginx/error_logs.h"
#include "nginx/shared_zones.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

// A name that nobody knows is asked for again after so long.
constexpr std::uint64_t kAgainNs = 10'000'000'000;
// nginx's, where the block does not say.
constexpr std::chrono::milliseconds kKeepaliveTimeout{60'000}, kKeepaliveTime{3'600'000};
constexpr std::int64_t kKeepaliveRequests = 1000;
constexpr std::size_t kSinglesMost = 1000;

}  // namespace

UpstreamGroup::UpstreamGroup(Site& site, const conf::UpstreamSettings& settings, PeerGroup* shared)
    : site_(site),
      settings_(settings),
      own_(shared == nullptr ? std::make_unique<PeerGroup>(settings) : nullptr),
      peers_(shared == nullptr ? own_.get() : shared),
      missing_(settings.servers.size()),
      alive_(std::make_shared<bool>(true)) {
  look_up_names();
}

UpstreamGroup::UpstreamGroup(Site& site, const conf::Address& address, Names names)
    : site_(site),
      own_settings_(std::make_unique<conf::UpstreamSettings>()),
      settings_(*own_settings_),
      alive_(std::make_shared<bool>(true)) {
  own_settings_->name = address.text();
  own_settings_->servers.push_back({.address = address});
  own_ = std::make_unique<PeerGroup>(settings_);
  peers_ = own_.get();
  missing_.resize(1);
  if (names == Names::kLookedUp) look_up_names();
}

UpstreamGroup::~UpstreamGroup() {
  *alive_ = false;
  for (auto& kept : kept_) bury(site_.loop(), std::move(kept->stream));
}

void UpstreamGroup::set_addresses(std::vector<PeerAddress> addresses) {
  std::vector<std::string> texts;
  for (const PeerAddress& each : addresses) texts.push_back(each.text);
  std::sort(texts.begin(), texts.end());
  if (texts == given_) return;
  given_ = std::move(texts);
  peers_->set_addresses(0, std::move(addresses));
}

void UpstreamGroup::look_up_names() {
  for (std::size_t i = 0; i < settings_.servers.size(); ++i) {
    const conf::Address& address = settings_.servers[i].address;
    if (!address.has_host() || !NameResolver::numeric(address.host, address.port).empty()) continue;
    missing_[i] = true;
    look_up(i);
  }
}

void UpstreamGroup::look_up(std::size_t server) {
  ++pending_;
  const conf::Address& address = settings_.servers[server].address;
  site_.names().look_up(
      address.host, address.port, [this, server, alive = alive_](std::vector<PeerAddress> found, std::string trouble) {
        if (!*alive) return;
        --pending_;
        const conf::Address& asked = settings_.servers[server].address;
        if (found.empty()) {
          site_.error_logs().line(Level::kError,
                                  fmt::format("host not found in upstream \"{}\" ({}): it is asked for again in 10 s",
                                              asked.text(), trouble));
          site_.loop().timers().arm(again_, site_.loop().now_ns() + kAgainNs, this,
                                    [](void* self) { static_cast<UpstreamGroup*>(self)->look_up_missing(); });
        } else {
          missing_[server] = false;
          peers_->set_addresses(server, std::move(found));
        }
        if (pending_ > 0) return;
        const auto told = std::move(waiting_);
        waiting_.clear();
        for (const auto& f : told) f();
      });
}

void UpstreamGroup::look_up_missing() {
  for (std::size_t i = 0; i < missing_.size(); ++i) {
    if (missing_[i]) look_up(i);
  }
}

bool UpstreamGroup::is_stale(const UpstreamConnection& kept) const {
  const auto idle = static_cast<std::uint64_t>(settings_.keepalive_timeout.value_or(kKeepaliveTimeout).count());
  return kept.stream->has(kReadable | kGone) || kept.stream->peer_ended() ||
         site_.loop().now_ms() - kept.idle_since_ms >= idle;
}

std::unique_ptr<UpstreamConnection> UpstreamGroup::take_kept(const std::string& address) {
  close_stale();
  for (auto it = kept_.rbegin(); it != kept_.rend(); ++it) {
    if ((*it)->address != address) continue;
    auto taken = std::move(*it);
    kept_.erase(std::next(it).base());
    taken->reused = true;
    return taken;
  }
  return nullptr;
}

void UpstreamGroup::close_stale() {
  std::erase_if(kept_, [this](auto& kept) {
    if (!is_stale(*kept)) return false;
    bury(site_.loop(), std::move(kept->stream));
    return true;
  });
  if (kept_.empty()) return;
  const auto idle = static_cast<std::uint64_t>(settings_.keepalive_timeout.value_or(kKeepaliveTimeout).count());
  site_.loop().timers().arm(close_, (kept_.front()->idle_since_ms + idle + 1) * 1'000'000, this,
                            [](void* self) { static_cast<UpstreamGroup*>(self)->close_stale(); });
}

void UpstreamGroup::keep(std::unique_ptr<UpstreamConnection> connection) {
  const std::uint64_t now = site_.loop().now_ms();
  const auto most = static_cast<std::size_t>(settings_.keepalive.value_or(0));
  const auto longest = static_cast<std::uint64_t>(settings_.keepalive_time.value_or(kKeepaliveTime).count());
  if (most == 0 ||
      static_cast<std::int64_t>(connection->requests) >= settings_.keepalive_requests.value_or(kKeepaliveRequests) ||
      now - connection->began_ms > longest || connection->stream->has(kReadable | kGone)) {
    return bury(site_.loop(), std::move(connection->stream));
  }
  connection->stream->detach();
  connection->idle_since_ms = now;
  if (kept_.size() >= most) {
    bury(site_.loop(), std::move(kept_.front()->stream));
    kept_.pop_front();
  }
  kept_.push_back(std::move(connection));
  close_stale();
}

void UpstreamGroups::open() {
  for (const auto& settings : site_.model().upstreams)
    named_.emplace(settings->name,
                   std::make_shared<UpstreamGroup>(site_, *settings, site_.zones().peers(settings->name)));
}

std::shared_ptr<UpstreamGroup> UpstreamGroups::find(const std::string& name) {
  const auto found = named_.find(name);
  return found == named_.end() ? nullptr : found->second;
}

std::shared_ptr<UpstreamGroup> UpstreamGroups::of_address(const conf::Address& address, UpstreamGroup::Names names) {
  std::string text = address.text();
  auto found = single_.find(text);
  if (found == single_.end()) {
    if (single_.size() >= kSinglesMost) forget_oldest();
    found = single_.emplace(std::move(text), Single{std::make_shared<UpstreamGroup>(site_, address, names)}).first;
  }
  found->second.used = ++uses_;
  return found->second.group;
}

void UpstreamGroups::forget_oldest() {
  auto oldest = single_.end();
  for (auto each = single_.begin(); each != single_.end(); ++each) {
    if (each->second.group.use_count() > 1) continue;  // A request is under way.
    if (oldest == single_.end() || each->second.used < oldest->second.used) oldest = each;
  }
  if (oldest != single_.end()) single_.erase(oldest);
}

}  // namespace tierce::nginx
