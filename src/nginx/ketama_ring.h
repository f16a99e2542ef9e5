// The ring of `hash KEY consistent`: each server has 160 points a unit of weight, a key belongs to the next point. The
// points are those of nginx and of Cache::Memcached::Fast, so a cache keeps its keys when the front server changes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tierce::nginx {

class KetamaRing {
 public:
  struct Server {
    std::string name;  // As it was written: "10.0.0.1:80", "backend", "unix:/run/x".
    std::int64_t weight = 1;
  };
  explicit KetamaRing(const std::vector<Server>& servers);

  bool empty() const { return points_.empty(); }
  // The place of the first point at or behind what the key becomes; it may be one behind the last.
  std::size_t place_of(std::string_view key) const;
  // Places go round: any number names one. The index of a server; the ring is not empty.
  std::size_t server_at(std::size_t place) const { return points_[place % points_.size()].server; }

 private:
  struct Point {
    std::uint32_t hash;
    std::size_t server;
  };
  std::vector<Point> points_;
};

}  // namespace tierce::nginx
