// Variables that the configuration makes of others: map, geo, split_clients.
#pragma once

#include "nginx/variable_table.h"

namespace tierce::nginx {

// The block is the model's and outlives what is made of it. Fail with nginx's words.
Result<MakeVariable> make_map(const conf::MapBlock& block);
Result<MakeVariable> make_geo(const conf::GeoBlock& block);
MakeVariable make_split(const conf::SplitBlock& block);

}  // namespace tierce::nginx
