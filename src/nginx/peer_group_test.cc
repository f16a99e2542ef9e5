#include "nginx/peer_group.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

using config::nginx::UpstreamSettings;
constexpr std::int64_t kNow = 1000;

// A server whose name is not known yet, and one of a number.
UpstreamSettings settings() {
  UpstreamSettings made;
  made.servers.push_back({.address = {.host = "app.invalid", .port = 80}, .name = "app.invalid"});
  made.servers.push_back({.address = {.host = "127.0.0.1", .port = 81}, .name = "127.0.0.1:81"});
  return made;
}

std::string address_of(PeerGroup& group, Balancing::End end = Balancing::End::kGood) {
  PeerGroup::Choice choice;
  const auto chosen = group.choose(choice, kNow);
  if (!chosen) return "none";
  group.release(*chosen, end, kNow);
  return chosen->address->text;
}

TEST(PeerGroup, WorksWithoutTheServerThatNobodyKnows) {
  PeerGroup group(settings());
  EXPECT_EQ(group.tries(), 1u);
  EXPECT_EQ(address_of(group), "127.0.0.1:81");
  EXPECT_EQ(address_of(group), "127.0.0.1:81");
}

TEST(PeerGroup, TakesAServerInWhenItsNameIsKnown) {
  PeerGroup group(settings());
  group.set_addresses(0, NameResolver::numeric("10.0.0.1", 80));
  EXPECT_EQ(group.tries(), 2u);
  EXPECT_EQ(address_of(group), "10.0.0.1:80");
  EXPECT_EQ(address_of(group), "127.0.0.1:81");
}

TEST(PeerGroup, KeepsWhatItKnowsOfServersThatStay) {
  PeerGroup group(settings());
  group.set_addresses(0, NameResolver::numeric("10.0.0.1", 80));
  EXPECT_EQ(address_of(group, Balancing::End::kFailed), "10.0.0.1:80");
  auto more = NameResolver::numeric("10.0.0.1", 80);
  more.push_back(NameResolver::numeric("10.0.0.2", 80).front());
  group.set_addresses(0, more);
  EXPECT_EQ(group.tries(), 3u);
  for (int i = 0; i < 6; ++i) EXPECT_NE(address_of(group), "10.0.0.1:80");
}

TEST(PeerGroup, ARequestUnderWayOutlivesAChangeOfAddresses) {
  PeerGroup group(settings());
  group.set_addresses(0, NameResolver::numeric("10.0.0.1", 80));
  PeerGroup::Choice choice;
  const auto chosen = group.choose(choice, kNow);
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ(chosen->address->text, "10.0.0.1:80");
  group.set_addresses(0, NameResolver::numeric("10.0.0.2", 80));
  EXPECT_FALSE(
      group.release(*chosen, Balancing::End::kFailed, kNow).disabled);  // It is no longer a server of the group.
  EXPECT_NE(address_of(group), "10.0.0.1:80");
}

}  // namespace
}  // namespace tierce::nginx
