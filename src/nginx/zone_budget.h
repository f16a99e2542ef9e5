// How many states a zone of so many bytes holds in nginx. Files give sizes that were found by trying: with room for
// more states here a limit would remember clients that nginx has forgotten, with less it would forget those it
// remembers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tierce::nginx {

// nginx's memory of a zone: pages of 4 KiB, each for chunks of one size, which is a power of two.
class ZoneBudget {
 public:
  // `own_bytes`: what the zone keeps about itself.
  ZoneBudget(std::int64_t zone_bytes, std::size_t own_bytes);
  // false: there is no page left for it.
  bool take(std::size_t bytes);
  void give_back(std::size_t bytes);

 private:
  static constexpr std::size_t kPage = 4096;
  static constexpr std::size_t kClasses = 10;  // 8 to 2048, and whole pages.
  struct Place {
    std::size_t kind, chunks, in_page;
  };
  static Place place_of(std::size_t bytes);
  std::size_t pages_of(std::size_t kind, std::size_t in_page) const;

  std::size_t pages_left_;
  std::array<std::size_t, kClasses> chunks_{};
};

}  // namespace tierce::nginx
