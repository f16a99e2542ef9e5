#include "config/uwsgi/cache_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/uwsgi/written_value.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;

constexpr std::uint32_t kItemsMax = 1u << 28;
constexpr std::size_t kNameBytesMax = 63;
constexpr std::uint32_t kKeyBytesMax = 1u << 16;
constexpr std::uint32_t kBlockBytesMax = 1u << 30;

struct Count {
  string_view name;
  std::uint32_t UwsgiCache::*into;
  std::uint32_t least, most;
};
constexpr std::array kCounts = {
    Count{"items", &UwsgiCache::items, 1, kItemsMax},
    Count{"max_items", &UwsgiCache::items, 1, kItemsMax},
    Count{"maxitems", &UwsgiCache::items, 1, kItemsMax},
    Count{"blocks", &UwsgiCache::blocks, 1, kItemsMax},
    Count{"blocksize", &UwsgiCache::block_bytes, 1, kBlockBytesMax},
    Count{"block_size", &UwsgiCache::block_bytes, 1, kBlockBytesMax},
    Count{"keysize", &UwsgiCache::key_bytes, 2, kKeyBytesMax},
    Count{"key_size", &UwsgiCache::key_bytes, 2, kKeyBytesMax},
};

struct Switch {
  string_view name;
  bool UwsgiCache::*into;
};
constexpr std::array kSwitches = {
    Switch{"bitmap", &UwsgiCache::many_blocks},
    Switch{"purge_lru", &UwsgiCache::purge_least_used},
    Switch{"clear_on_full", &UwsgiCache::clear_when_full},
    Switch{"no_expire", &UwsgiCache::never_expires},
    Switch{"store_delete", &UwsgiCache::delete_store},
};

// Sizes of uWSGI's tables, when the file is written back, how often expired items are looked for: tierce does
// what they ask for anyway.
constexpr std::array<string_view, 10> kNeedless = {"hash",          "hashsize",      "hash_size",   "store_sync",
                                                   "lastmod",       "last_modified", "ignore_full", "lazy_expire",
                                                   "sweep_on_full", "cachesize"};

bool take(UwsgiCache& cache, string_view key, string_view value) {
  for (const Count& count : kCounts) {
    if (count.name != key) continue;
    const auto given = static_cast<std::uint64_t>(std::max<std::int64_t>(number_of(value).value, 0));
    cache.*count.into = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(given, count.least, count.most));
    return true;
  }
  for (const Switch& each : kSwitches) {
    if (each.name != key) continue;
    cache.*each.into = boolean_of(value).value_or(true);
    return true;
  }
  if (key == "name") {
    cache.name = value;
  } else if (key == "store") {
    cache.store = value;
  } else if (key == "math_initial") {
    cache.math_initial = number_of(value).value;
  } else {
    return std::find(kNeedless.begin(), kNeedless.end(), key) != kNeedless.end();
  }
  return true;
}

}  // namespace

Result<UwsgiCache> parse_cache(string_view text, std::vector<std::string>& remarks) {
  UwsgiCache cache;
  while (!text.empty()) {
    const string_view part = trimmed(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(text.size(), text.find(',') == string_view::npos ? text.size() : text.find(',') + 1));
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    const string_view value = part.substr(std::min(equals + 1, part.size()));
    if (!take(cache, part.substr(0, equals), value)) {
      remarks.push_back(fmt::format("{}: not supported by the cache: nothing comes of it", part));
    }
  }
  if (cache.name.empty() || cache.name.size() > kNameBytesMax)
    return fail(Error(fmt::format("a cache needs name= with at most {} characters", kNameBytesMax)));
  if (cache.items == 0) return fail(Error(fmt::format("the cache '{}' needs items=", cache.name)));
  return cache;
}

}  // namespace tierce::config::uwsgi
