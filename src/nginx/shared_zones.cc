#include "nginx/shared_zones.h"

#include "config/settings_bytes.h"

namespace tierce::nginx {

std::string SharedZones::pack() const {
  config::BytesWriter write;
  write(rates_.size());
  for (const auto& [name, zone] : rates_) {
    const auto counted = zone->counted();
    write(name, counted.size());
    for (const RateZone::Counted& each : counted) write(each.key, each.last_ms, each.excess);
  }
  return write.take();
}

void SharedZones::take_over(std::string_view packed) {
  config::BytesReader read(packed);
  std::size_t zones = 0;
  read(zones);
  for (std::size_t i = 0; i < zones && i < packed.size(); ++i) {
    std::string name;
    std::size_t count = 0;
    read(name, count);
    std::vector<RateZone::Counted> counted;
    for (std::size_t j = 0; j < count && j < packed.size(); ++j) {
      RateZone::Counted& each = counted.emplace_back();
      read(each.key, each.last_ms, each.excess);
    }
    if (RateZone* zone = rate(name); zone != nullptr && read.good()) zone->go_on_with(counted);
  }
}

}  // namespace tierce::nginx
