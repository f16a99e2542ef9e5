#include "nginx/ketama_ring.h"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace tierce::nginx {
namespace {

constexpr std::int64_t kPointsAUnit = 160;

std::uint32_t crc(std::uint32_t begun, std::string_view bytes) {
  if (bytes.empty()) return begun;  // To zlib no memory at all means: begin anew.
  return static_cast<std::uint32_t>(
      ::crc32(begun, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

// HOST, a zero byte, PORT. The path of a unix socket is a host, and so is a name without a port.
std::uint32_t crc_of_server(std::string_view name) {
  constexpr std::string_view kUnix = "unix:";
  std::string_view host = name, port;
  if (name.starts_with(kUnix)) {
    host.remove_prefix(kUnix.size());
  } else if (const std::size_t last = name.find_last_not_of("0123456789");
             last != std::string_view::npos && name[last] == ':') {
    host = name.substr(0, last);
    port = name.substr(last + 1);
  }
  return crc(crc(crc(0, host), std::string_view("\0", 1)), port);
}

}  // namespace

KetamaRing::KetamaRing(const std::vector<Server>& servers) {
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const std::uint32_t base = crc_of_server(servers[i].name);
    std::uint32_t previous = 0;
    for (std::int64_t n = 0; n < servers[i].weight * kPointsAUnit; ++n) {
      const std::array<char, 4> bytes = {static_cast<char>(previous), static_cast<char>(previous >> 8),
                                         static_cast<char>(previous >> 16), static_cast<char>(previous >> 24)};
      previous = crc(base, {bytes.data(), bytes.size()});
      points_.push_back({previous, i});
    }
  }
  std::stable_sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.hash < b.hash; });
  const auto end =
      std::unique(points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.hash == b.hash; });
  points_.erase(end, points_.end());
}

std::size_t KetamaRing::place_of(std::string_view key) const {
  const std::uint32_t hash = crc(0, key);
  const auto found = std::lower_bound(points_.begin(), points_.end(), hash,
                                      [](const Point& point, std::uint32_t wanted) { return point.hash < wanted; });
  return static_cast<std::size_t>(found - points_.begin());
}

}  // namespace tierce::nginx
