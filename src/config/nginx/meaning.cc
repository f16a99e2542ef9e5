#include "config/nginx/meaning.h"

#include <algorithm>
#include <unordered_map>

namespace tierce::config::nginx {
namespace {

Meanings gathered(std::initializer_list<Meanings> parts) {
  Meanings all;
  for (const Meanings& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

using ByName = std::unordered_map<std::string_view, const Meaning*>;

ByName by_name(const Meanings& meanings) {
  ByName names;
  for (const Meaning& meaning : meanings) names.emplace(meaning.name, &meaning);
  return names;
}

const Meaning* find(const ByName& names, std::string_view name) {
  const auto found = names.find(name);
  return found == names.end() ? nullptr : found->second;
}

}  // namespace

Area area_of(std::uint16_t contexts) {
  constexpr std::uint16_t kOutside = Context::kMain | Context::kEvents;
  if ((contexts & kOutside) != 0) return Area::kMain;
  return (contexts & static_cast<std::uint16_t>(Context::kUpstream)) != 0 ? Area::kUpstream : Area::kHttp;
}

const std::vector<Meaning>& http_meanings() {
  static const Meanings all =
      gathered({block_meanings(), location_meanings(), server_meanings(), answer_meanings(), rewrite_meanings(),
                map_meanings(), log_meanings(), access_meanings(), compression_meanings(), passing_meanings(),
                tls_meanings(), no_effect_meanings()});
  return all;
}

const Meaning* meaning_of(std::string_view name, Area area) {
  static const Meanings main = main_meanings(), upstream = upstream_meanings();
  static const ByName of_main = by_name(main), of_http = by_name(http_meanings()), of_upstream = by_name(upstream);
  switch (area) {
    case Area::kMain:
      return find(of_main, name);
    case Area::kHttp:
      return find(of_http, name);
    case Area::kUpstream:
      return find(of_upstream, name);
  }
  return nullptr;
}

}  // namespace tierce::config::nginx
