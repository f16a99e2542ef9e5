// What all threads of a process count together: the zones of limit_req_zone and limit_conn_zone, and what is known of
// the servers of each upstream block.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "config/nginx/server_settings.h"
#include "nginx/connection_zone.h"
#include "nginx/peer_group.h"
#include "nginx/rate_zone.h"

namespace tierce::nginx {

class SharedZones {
 public:
  using Upstreams = std::vector<std::unique_ptr<config::nginx::UpstreamSettings>>;
  SharedZones(const std::vector<config::nginx::Zone>& zones, const Upstreams& upstreams) {
    for (const auto& zone : zones) {
      if (zone.of_requests) {
        rates_[zone.name] = std::make_unique<RateZone>(zone.per_minute_thousandths, zone.bytes);
      } else {
        connections_[zone.name] = std::make_unique<ConnectionZone>(zone.bytes);
      }
    }
    for (const auto& upstream : upstreams) peers_[upstream->name] = std::make_unique<PeerGroup>(*upstream);
  }
  // What the zones of limit_req have counted, for the worker that follows after a reload; connections are counted by
  // whoever has them.
  std::string pack() const;
  // Takes over what a worker of this build has packed, zone by zone; what is of no use is left.
  void take_over(std::string_view packed);
  // nullptr: there is none of this name.
  RateZone* rate(const std::string& name) const {
    const auto found = rates_.find(name);
    return found == rates_.end() ? nullptr : found->second.get();
  }
  ConnectionZone* connections(const std::string& name) const {
    const auto found = connections_.find(name);
    return found == connections_.end() ? nullptr : found->second.get();
  }

  PeerGroup* peers(const std::string& upstream) const {
    const auto found = peers_.find(upstream);
    return found == peers_.end() ? nullptr : found->second.get();
  }

 private:
  std::map<std::string, std::unique_ptr<RateZone>> rates_;
  std::map<std::string, std::unique_ptr<ConnectionZone>> connections_;
  std::map<std::string, std::unique_ptr<PeerGroup>> peers_;
};

}  // namespace tierce::nginx
