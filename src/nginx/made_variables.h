// Variables that the configuration makes of others: map, geo, split_clients.
#pragma once

#include "nginx/variable_table.h"

namespace tierce::nginx {

// The block is the model's and outlives what is made of it.
MakeVariable make_map(const conf::MapBlock& block);
MakeVariable make_geo(const conf::GeoBlock& block);
MakeVariable make_split(const conf::SplitBlock& block);

// MurmurHash2 (Austin Appleby) with seed 0, which decides the shares of split_clients.
std::uint32_t murmur2(std::string_view data);

}  // namespace tierce::nginx
