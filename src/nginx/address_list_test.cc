#include "nginx/address_list.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

TEST(AddressList, NetworksHoldTheirAddresses) {
  struct Case {
    std::string_view network, inside, outside;
  };
  for (const Case& c : {Case{"10.0.0.0/8", "10.255.0.1", "11.0.0.1"}, Case{"10.1.2.3", "10.1.2.3", "10.1.2.4"},
                        Case{"192.168.4.0/22", "192.168.7.255", "192.168.8.0"}, Case{"fc00::/7", "fd00::1", "fe80::1"},
                        Case{"::/0", "10.0.0.1", ""}, Case{"0.0.0.0/0", "1.2.3.4", "::1"}}) {
    const auto network = parse_network(c.network);
    ASSERT_TRUE(network.has_value()) << c.network;
    EXPECT_TRUE(network->holds(*parse_ip(c.inside))) << c.network;
    if (c.outside.empty()) continue;
    EXPECT_FALSE(network->holds(*parse_ip(c.outside))) << c.network;
  }
}

TEST(AddressList, RefusesWhatIsNoNetwork) {
  for (const char* text :
       {"", "/8", "10.0.0/8", "10.0.0.0/33", "10.0.0.0/-1", "::1/129", "10.0.0.0/8x", "name/8", "10.0.0.0/255.0.0.0"}) {
    EXPECT_FALSE(parse_network(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace tierce::nginx
