#include "nginx/made_variables.h"

#include <algorithm>
#include <memory>

#include "nginx/address_list.h"
#include "nginx/geo_table.h"
#include "nginx/map_table.h"
#include "nginx/request.h"
#include "nginx/site.h"
#include "nginx/split_table.h"

namespace tierce::nginx {
namespace {

bool append_text(Request& request, const conf::TextValue& value, std::string& out) {
  std::string room;
  out += request.site.text(request, value, room);
  return true;
}

bool is_among(const std::vector<Network>& networks, const IpBytes& ip) {
  return std::any_of(networks.begin(), networks.end(), [&](const Network& each) { return each.holds(ip); });
}

}  // namespace

Result<MakeVariable> make_map(const conf::MapBlock& block) {
  auto made = MapTable::make(block);
  if (!made) return fail(std::move(made).error());
  return MakeVariable(
      [&block, table = std::make_shared<const MapTable>(std::move(*made))](Request& request, std::string& out) {
        std::string room;
        const std::string source(request.site.text(request, block.source, room));
        const MapTable::Choice choice = table->find(source);
        if (choice.matched != nullptr) request.take_captures(*choice.matched, source);
        return choice.value == nullptr || append_text(request, *choice.value, out);
      });
}

Result<MakeVariable> make_geo(const conf::GeoBlock& block) {
  auto made = GeoTable::make(block);
  if (!made) return fail(std::move(made).error());
  std::vector<Network> proxies;
  for (const std::string& each : block.proxies) {
    if (const auto network = parse_network(each)) proxies.push_back(*network);
  }
  return MakeVariable([&block, proxies, table = std::make_shared<const GeoTable>(std::move(*made))](Request& request,
                                                                                                    std::string& out) {
    std::string text;
    request.site.variable(request, block.source.empty() ? "remote_addr" : std::string_view(block.source), text);
    auto ip = parse_ip(text);
    if (ip && is_among(proxies, *ip)) {
      std::string_view forwarded = request.field("x-forwarded-for");
      for (bool first = true; !forwarded.empty() && (first || block.proxy_recursive); first = false) {
        const std::size_t comma = forwarded.rfind(',');
        const auto each =
            parse_ip(http::trim_blanks(forwarded.substr(comma == std::string_view::npos ? 0 : comma + 1)));
        if (!each) break;
        ip = each;
        if (comma == std::string_view::npos || !is_among(proxies, *ip)) break;
        forwarded = forwarded.substr(0, comma);
      }
    }
    out += ip ? table->find(*ip) : table->find_without_address();
    return true;
  });
}

MakeVariable make_split(const conf::SplitBlock& block) {
  return [&block, table = std::make_shared<const SplitTable>(block)](Request& request, std::string& out) {
    std::string room;
    const conf::TextValue* value = table->find(request.site.text(request, block.source, room));
    return value == nullptr || append_text(request, *value, out);
  };
}

}  // namespace tierce::nginx
