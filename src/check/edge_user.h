// Who nginx's workers run as, when root starts them.
#pragma once

#include <string>

#include "check/chain.h"

namespace tierce::check {

struct EdgeUser {
  std::string user, group;
};
EdgeUser edge_user(const Edge& edge);
bool is_in_group(const EdgeUser& who, const std::string& group);

}  // namespace tierce::check
