#include "nginx/ketama_ring.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

std::string servers_of(const KetamaRing& ring, std::string_view keys) {
  std::string servers;
  for (const char key : keys) servers += static_cast<char>('0' + ring.server_at(ring.place_of({&key, 1})));
  return servers;
}

constexpr std::string_view kKeys = "abcdefghijklmnop";

// What nginx 1.22.1 chose for these keys.
TEST(KetamaRing, GivesKeysToTheServersThatNginxGivesThemTo) {
  const KetamaRing ring({{"127.0.0.1:1111", 1}, {"127.0.0.1:2222", 1}, {"127.0.0.1:3333", 2}});
  EXPECT_EQ(servers_of(ring, kKeys), "0021020220001222");
}

// The same with a name without a port, a unix socket and an IPv6 address.
TEST(KetamaRing, TakesNamesAsTheyWereWritten) {
  const KetamaRing ring({{"127.0.0.1", 3}, {"unix:/run/none/x.sock", 1}, {"[::1]:2222", 1}, {"localhost:44", 2}});
  EXPECT_EQ(servers_of(ring, kKeys), "0230313231003000");
}

TEST(KetamaRing, GoesRound) {
  const KetamaRing ring({{"a:1", 1}});
  EXPECT_EQ(ring.server_at(160), ring.server_at(0));
  EXPECT_EQ(ring.server_at(4'000'000'000), 0u);
}

TEST(KetamaRing, KeepsMostKeysWhenAServerIsAdded) {
  const KetamaRing two({{"a:1", 1}, {"b:1", 1}}), three({{"a:1", 1}, {"b:1", 1}, {"c:1", 1}});
  int moved = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string key = std::to_string(i);
    const std::size_t now = three.server_at(three.place_of(key));
    if (now == 2) {
      ++moved;
    } else {
      EXPECT_EQ(now, two.server_at(two.place_of(key))) << key;
    }
  }
  EXPECT_GT(moved, 230);
  EXPECT_LT(moved, 430);
}

}  // namespace
}  // namespace tierce::nginx
