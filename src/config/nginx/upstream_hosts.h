// The hosts that a configuration passes requests to, for those who ask whether anybody knows them.
#pragma once

#include <string>
#include <vector>

#include "config/nginx/model.h"

namespace tierce::config::nginx {

struct UpstreamHost {
  std::string host;  // A name or an address.
  Place place;
};

// Those of upstream blocks and of passes without variables, each once for a place, in the order of the file within
// each kind.
std::vector<UpstreamHost> upstream_hosts(const Model& model);

}  // namespace tierce::config::nginx
