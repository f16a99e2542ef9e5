// The zones of limit_req_zone and limit_conn_zone: what all threads of a process count together.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/nginx/server_settings.h"
#include "nginx/connection_zone.h"
#include "nginx/rate_zone.h"

namespace tierce::nginx {

class SharedZones {
 public:
  explicit SharedZones(const std::vector<config::nginx::Zone>& zones) {
    for (const auto& zone : zones) {
      if (zone.of_requests) {
        rates_[zone.name] = std::make_unique<RateZone>(zone.per_minute_thousandths, zone.bytes);
      } else {
        connections_[zone.name] = std::make_unique<ConnectionZone>(zone.bytes);
      }
    }
  }
  // nullptr: there is none of this name.
  RateZone* rate(const std::string& name) const {
    const auto found = rates_.find(name);
    return found == rates_.end() ? nullptr : found->second.get();
  }
  ConnectionZone* connections(const std::string& name) const {
    const auto found = connections_.find(name);
    return found == connections_.end() ? nullptr : found->second.get();
  }

 private:
  std::map<std::string, std::unique_ptr<RateZone>> rates_;
  std::map<std::string, std::unique_ptr<ConnectionZone>> connections_;
};

}  // namespace tierce::nginx
