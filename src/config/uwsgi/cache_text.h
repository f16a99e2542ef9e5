// The value of cache2: "name=shop,items=100,blocksize=4096,store=/var/cache/shop".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/uwsgi_source.h"

namespace tierce::config::uwsgi {

// What is not understood or not supported is added to `remarks`.
Result<UwsgiCache> parse_cache(std::string_view text, std::vector<std::string>& remarks);

}  // namespace tierce::config::uwsgi
