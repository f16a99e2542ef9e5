#include "edge/trusted_peers.h"

#include <gtest/gtest.h>

namespace tierce::edge {
namespace {

TEST(TrustedPeers, AreAddressesAndNetworks) {
  const TrustedPeers peers({"127.0.0.1", "10.0.0.0/8", "192.168.4.0/22", "::1", "fd00::/8"});
  for (const char* address : {"127.0.0.1", "10.255.0.1", "192.168.7.255", "::1", "fdff::1"}) {
    EXPECT_TRUE(peers.contains(address)) << address;
  }
  for (const char* address : {"127.0.0.2", "11.0.0.1", "192.168.8.0", "::2", "fe80::1", "", "10.0.0"}) {
    EXPECT_FALSE(peers.contains(address)) << address;
  }
}

TEST(TrustedPeers, AreEverybodyWithAStar) {
  EXPECT_TRUE(TrustedPeers(std::vector<std::string>{"*"}).contains("203.0.113.1"));
  EXPECT_FALSE(TrustedPeers(std::vector<std::string>{}).contains("203.0.113.1"));
  EXPECT_TRUE(TrustedPeers(std::vector<std::string>{"0.0.0.0/0"}).contains("203.0.113.1"));
}

TEST(TrustedPeers, AreNobodyWhereTheNetworkMeansNothing) {
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/8x", "::/129"}) {
    const TrustedPeers peers(std::vector<std::string>{text});
    EXPECT_FALSE(peers.contains("10.0.0.0")) << text;
    EXPECT_FALSE(peers.contains("::")) << text;
  }
}

}  // namespace
}  // namespace tierce::edge
