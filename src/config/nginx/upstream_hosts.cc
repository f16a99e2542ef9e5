#include "config/nginx/upstream_hosts.h"

#include <algorithm>

namespace tierce::config::nginx {
namespace {

class Gatherer {
 public:
  explicit Gatherer(const Model& model) : model_(model) {}

  std::vector<UpstreamHost> run() {
    for (const auto& upstream : model_.upstreams) {
      for (const UpstreamServer& server : upstream->servers) add(server.address, server.place);
    }
    for (const auto& server : model_.servers) look_at(server->root);
    return std::move(found_);
  }

 private:
  void add(const Address& address, Place place) {
    if (!address.has_host() || address.host.empty()) return;
    const bool known = std::any_of(found_.begin(), found_.end(), [&](const UpstreamHost& each) {
      return each.host == address.host && each.place.file == place.file && each.place.line == place.line;
    });
    if (!known) found_.push_back({address.host, place});
  }

  void look_at(const Location& location) {
    const LocationSettings& said = location.settings;
    for (const PassingSettings* passing :
         {&said.proxy.passing, &said.uwsgi.passing, &said.fastcgi.passing, &said.scgi.passing}) {
      if (!passing->pass || passing->pass->to == PassTarget::To::kText) continue;
      const bool is_group = std::any_of(model_.upstreams.begin(), model_.upstreams.end(),
                                        [&](const auto& each) { return each->name == passing->pass->address.host; });
      if (!is_group) add(passing->pass->address, passing->pass->place);
    }
    for (const auto& inner : location.locations) look_at(*inner);
  }

  const Model& model_;
  std::vector<UpstreamHost> found_;
};

}  // namespace

std::vector<UpstreamHost> upstream_hosts(const Model& model) { return Gatherer(model).run(); }

}  // namespace tierce::config::nginx
