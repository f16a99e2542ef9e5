// Whose forwarded headers are believed: addresses, networks ("10.0.0.0/8", "fd00::/8") and "*".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tierce::edge {

class TrustedPeers {
 public:
  TrustedPeers() = default;
  // What is no address (the name of a test, say) matches itself.
  explicit TrustedPeers(const std::vector<std::string>& list);

  bool contains(std::string_view address) const;

 private:
  struct Network {
    bool v6 = false;
    unsigned bits = 0;
    std::array<std::uint8_t, 16> address{};
  };
  static bool read(std::string_view text, Network& network);

  bool everybody_ = false;
  std::vector<Network> networks_;
  std::vector<std::string> names_;
};

}  // namespace tierce::edge
