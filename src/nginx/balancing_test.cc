#include "nginx/balancing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace tierce::nginx {
namespace {

using Method = Balancing::Method;
using End = Balancing::End;
using Peer = Balancing::Peer;
constexpr std::uint32_t kSeed = 7;
constexpr std::int64_t kNow = 1000;

Peer peer(std::int64_t weight = 1, std::int64_t max_fails = 1) {
  Peer made;
  made.weight = made.effective = weight;
  made.max_fails = max_fails;
  return made;
}
Peer backup() {
  Peer made = peer();
  made.backup = true;
  return made;
}
Peer down() {
  Peer made = peer();
  made.down = true;
  return made;
}

struct Group {
  explicit Group(std::vector<Peer> peers, Method method = Method::kRoundRobin) {
    balancing.set(method, std::move(peers));
  }
  // One request of one attempt: the letter of its peer, "-" when there is none.
  char ask(std::int64_t now_s = kNow, End end = End::kGood, std::string_view key = {}, std::string_view remote = {}) {
    Balancing::Choice choice;
    choice.key = key;
    choice.remote = remote;
    const auto chosen = balancing.choose(choice, now_s);
    if (!chosen) return '-';
    disabled = balancing.release(*chosen, end, now_s);
    return static_cast<char>('a' + *chosen);
  }
  std::string ask_times(int times, std::int64_t now_s = kNow) {
    std::string all;
    for (int i = 0; i < times; ++i) all += ask(now_s);
    return all;
  }
  // One request that tries until nobody is left.
  std::string exhaust(Balancing::Choice choice = {}, std::int64_t now_s = kNow) {
    std::string all;
    while (const auto chosen = balancing.choose(choice, now_s)) {
      all += static_cast<char>('a' + *chosen);
      balancing.release(*chosen, End::kFailed, now_s);
    }
    return all;
  }
  Balancing balancing{kSeed};
  bool disabled = false;
};

TEST(Balancing, WeightsAreSpreadSmoothly) {
  Group group({peer(5), peer(1), peer(1)});
  EXPECT_EQ(group.ask_times(14), "aabacaaaabacaa");
}

TEST(Balancing, EqualsGoInTheirOrder) {
  Group group({peer(), peer(), peer()});
  EXPECT_EQ(group.ask_times(6), "abcabc");
}

TEST(Balancing, AFailureLeavesAServerOutUntilItsTimeIsOver) {
  Group group({peer(), peer()});
  EXPECT_EQ(group.ask(kNow, End::kFailed), 'a');
  EXPECT_TRUE(group.disabled);
  EXPECT_EQ(group.ask_times(3, kNow + 10), "bbb");
  // Then one request finds out, and its good end brings the server back.
  std::string later = group.ask_times(6, kNow + 11);
  EXPECT_NE(later.find('a'), std::string::npos) << later;
  EXPECT_EQ(group.balancing.peers()[0].fails, 0);
}

TEST(Balancing, OneRequestFindsOutWhetherAServerIsBack) {
  Group group({peer(), peer()});
  EXPECT_EQ(group.ask(kNow, End::kFailed), 'a');
  Balancing::Choice first, second, third;
  std::string under_way;
  for (Balancing::Choice* choice : {&first, &second, &third})
    under_way += static_cast<char>('a' + group.balancing.choose(*choice, kNow + 11).value());
  EXPECT_EQ(std::count(under_way.begin(), under_way.end(), 'a'), 1) << under_way;
}

TEST(Balancing, FailuresAreCountedUpToMaxFails) {
  Group group({peer(1, 3), peer(1, 0)});
  int failures_of_a = 0;
  for (int i = 0; i < 20 && !group.disabled; ++i) {
    if (group.ask(kNow, End::kFailed) == 'a') ++failures_of_a;
  }
  EXPECT_EQ(failures_of_a, 3);
  EXPECT_TRUE(group.disabled);
  EXPECT_EQ(group.ask_times(3), "bbb");  // max_fails=0: it is never left out.
}

TEST(Balancing, AFailedServerGetsItsWeightBackByAndBy) {
  Group group({peer(4, 2), peer(4, 2)});
  EXPECT_EQ(group.ask(kNow, End::kFailed), 'a');
  EXPECT_EQ(group.balancing.peers()[0].effective, 2);
  group.ask_times(2);
  EXPECT_EQ(group.balancing.peers()[0].effective, 4);
}

TEST(Balancing, TheOnlyServerIsNeverLeftOut) {
  Group group({peer()});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(group.ask(kNow, End::kFailed), 'a');
  EXPECT_FALSE(group.disabled);
  EXPECT_TRUE(group.balancing.single());
}

TEST(Balancing, BackupsWaitForTheOthersToFail) {
  Group group({backup(), peer(), peer()});
  EXPECT_EQ(group.ask_times(4), "abab");  // Backups stand last.
  EXPECT_EQ(group.exhaust(), "abc");
  EXPECT_EQ(group.ask(), '-');
  EXPECT_LT(group.ask(kNow + 11), 'c');
}

TEST(Balancing, ServersThatAreDownAreNotAskedAndNoTries) {
  Group group({down(), peer(), down()});
  EXPECT_EQ(group.ask_times(3), "bbb");
  EXPECT_EQ(group.balancing.tries(), 1u);
  EXPECT_EQ(Group({down()}).ask(), '-');
}

TEST(Balancing, MaxConnsIsWhatAServerTakesAtATime) {
  Peer small = peer();
  small.connections_max = 1;
  Group group({small, peer()});
  Balancing::Choice one, two, three;
  EXPECT_EQ(group.balancing.choose(one, kNow), 0u);
  EXPECT_EQ(group.balancing.choose(two, kNow), 1u);
  EXPECT_EQ(group.balancing.choose(three, kNow), 1u);
  group.balancing.release(0, End::kGood, kNow);
  EXPECT_EQ(group.ask_times(2), "ba");  // b has a turn left from before.
}

TEST(Balancing, LeastConnectionsAreWeighted) {
  Group group({peer(2), peer(1)}, Method::kLeastConn);
  std::string begun;
  for (int i = 0; i < 6; ++i) {
    Balancing::Choice choice;
    begun += static_cast<char>('a' + group.balancing.choose(choice, kNow).value());
  }
  EXPECT_EQ(std::count(begun.begin(), begun.end(), 'a'), 4) << begun;
}

// What nginx 1.22.1 chose for keys and addresses: servers of the weights 1, 3 and 2.
TEST(Balancing, AKeyChoosesWhomNginxWouldChoose) {
  Group group({peer(1, 0), peer(3, 0), peer(2, 0)}, Method::kHash);
  std::string chosen;
  for (const char key : std::string_view("abcdefghijklmnop")) chosen += group.ask(kNow, End::kGood, {&key, 1});
  EXPECT_EQ(chosen, "caccbcababcccbbb");
}

TEST(Balancing, AnAddressChoosesWhomNginxWouldChoose) {
  Group group({peer(1, 0), peer(3, 0), peer(2, 0)}, Method::kIpHash);
  std::string chosen;
  for (const std::string_view remote : {"10.0.0.1", "10.0.1.1", "10.1.0.1", "192.168.7.9", "203.0.113.77", "8.8.8.8",
                                        "::1", "2001:db8::5", "fe80::1:2"})
    chosen += group.ask(kNow, End::kGood, {}, remote);
  EXPECT_EQ(chosen, "bcbcaccab");
  EXPECT_EQ(group.ask(kNow, End::kGood, {}, "10.0.0.200"), 'b');  // The network counts.
}

TEST(Balancing, ARequestOfARingGoesOnToTheNextServerAsInNginx) {
  Peer a = peer(1, 0), b = peer(1, 0), c = peer(2, 0);
  a.name = "127.0.0.1:1111";
  b.name = "127.0.0.1:2222";
  c.name = "127.0.0.1:3333";
  Group group({a, b, c}, Method::kConsistentHash);
  for (const std::string_view key : {"a", "b"}) {
    Balancing::Choice choice;
    choice.key = key;
    EXPECT_EQ(group.exhaust(choice), "acb") << key;
  }
}

TEST(Balancing, WithoutAKeyTheyTakeTurns) {
  for (const Method method : {Method::kHash, Method::kConsistentHash}) {
    Group group({peer(), peer()}, method);
    EXPECT_EQ(group.ask_times(4), "abab");
  }
}

TEST(Balancing, DiceFollowTheWeights) {
  for (const Method method : {Method::kRandom, Method::kRandomTwo}) {
    Group group({peer(3), peer(1)}, method);
    std::map<char, int> count;
    for (int i = 0; i < 4000; ++i) ++count[group.ask()];
    EXPECT_GT(count['b'], 500);
    EXPECT_EQ(count['a'] + count['b'], 4000);
    if (method == Method::kRandom) {
      EXPECT_NEAR(count['a'], 3000, 150);
    }
  }
}

TEST(Balancing, OfTwoTheOneWithFewerConnectionsIsTaken) {
  Group group({peer(), peer()}, Method::kRandomTwo);
  std::map<std::size_t, int> open;
  for (int i = 0; i < 100; ++i) {
    Balancing::Choice choice;
    ++open[group.balancing.choose(choice, kNow).value()];
  }
  EXPECT_NEAR(open[0], 50, 1);
}

TEST(Balancing, EveryMethodTriesEachServerOnce) {
  for (const Method method : {Method::kRoundRobin, Method::kIpHash, Method::kLeastConn, Method::kHash,
                              Method::kConsistentHash, Method::kRandom, Method::kRandomTwo}) {
    Group group({peer(), peer(), peer()}, method);
    Balancing::Choice choice;
    choice.key = "key";
    choice.remote = "10.0.0.1";
    std::string tried = group.exhaust(choice);
    std::sort(tried.begin(), tried.end());
    EXPECT_EQ(tried, "abc") << static_cast<int>(method);
  }
}

}  // namespace
}  // namespace tierce::nginx
