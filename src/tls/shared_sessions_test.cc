#include "tls/shared_sessions.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tierce::tls {
namespace {

std::string id_of(int number) { return "id " + std::to_string(number); }

TEST(SharedSessions, FindsWhatAnotherProcessHasKept) {
  const auto sessions = *SharedSessions::create(65536);
  if (const pid_t pid = ::fork(); pid == 0) {
    sessions->put("id", "session", 100);
    ::_exit(0);
  }
  ASSERT_GT(::wait(nullptr), 0);
  EXPECT_EQ(sessions->find("id", 99), "session");
  EXPECT_EQ(sessions->find("id", 100), std::nullopt) << "expired";
  EXPECT_EQ(sessions->find("other", 1), std::nullopt);
  sessions->put("id", "newer", 200);
  EXPECT_EQ(sessions->find("id", 99), "newer");
  sessions->remove("id");
  EXPECT_EQ(sessions->find("id", 99), std::nullopt);
}

TEST(SharedSessions, OverwritesTheOldest) {
  const auto sessions = *SharedSessions::create(65536);
  const auto text = [](int number) { return std::string(100 + number % 700, static_cast<char>('a' + number % 26)); };
  for (int i = 0; i < 5000; ++i) {
    sessions->put(id_of(i), text(i), 100);
    ASSERT_EQ(sessions->find(id_of(i), 1), text(i));
    if (i > 20) {
      ASSERT_EQ(sessions->find(id_of(i - 20), 1), text(i - 20));
    }
  }
  for (int i = 0; i < 4000; ++i) EXPECT_EQ(sessions->find(id_of(i), 1), std::nullopt);
}

TEST(SharedSessions, KeepsNoneThatIsTooLarge) {
  const auto sessions = *SharedSessions::create(1);
  sessions->put("large", std::string(4097, 'x'), 100);
  EXPECT_EQ(sessions->find("large", 1), std::nullopt);
  sessions->put("id", std::string(4096, 'x'), 100);
  EXPECT_EQ(sessions->find("id", 1)->size(), 4096u);
  sessions->put(std::string(33, 'i'), "x", 100);
  EXPECT_EQ(sessions->find(std::string(33, 'i'), 1), std::nullopt);
}

}  // namespace
}  // namespace tierce::tls
