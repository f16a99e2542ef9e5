#include "edge/trusted_peers.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace tierce::edge {

TrustedPeers::TrustedPeers(const std::vector<std::string>& list) {
  for (const std::string& entry : list) {
    if (entry == "*") {
      everybody_ = true;
      continue;
    }
    const std::size_t slash = std::min(entry.find('/'), entry.size());
    Network network;
    if (!read(std::string_view(entry).substr(0, slash), network)) {
      names_.push_back(entry);
      continue;
    }
    network.bits = network.v6 ? 128 : 32;
    if (slash < entry.size()) {
      unsigned bits = 0;
      const char* end = entry.data() + entry.size();
      const auto [stopped, error] = std::from_chars(entry.data() + slash + 1, end, bits);
      if (error != std::errc() || stopped != end || bits > network.bits) continue;  // Matches nobody.
      network.bits = bits;
    }
    networks_.push_back(network);
  }
}

bool TrustedPeers::read(std::string_view text, Network& network) {
  const std::string copy(text);
  network.v6 = copy.find(':') != std::string::npos;
  return ::inet_pton(network.v6 ? AF_INET6 : AF_INET, copy.c_str(), network.address.data()) == 1;
}

bool TrustedPeers::contains(std::string_view address) const {
  if (everybody_ || std::find(names_.begin(), names_.end(), address) != names_.end()) return true;
  Network peer;
  if (!read(address, peer)) return false;
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    if (network.v6 != peer.v6) return false;
    const unsigned whole = network.bits / 8, rest = network.bits % 8;
    if (!std::equal(peer.address.begin(), peer.address.begin() + whole, network.address.begin())) return false;
    return rest == 0 || ((peer.address[whole] ^ network.address[whole]) >> (8 - rest)) == 0;
  });
}

}  // namespace tierce::edge
