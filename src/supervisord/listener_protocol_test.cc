#include "supervisord/listener_protocol.h"

#include <gtest/gtest.h>

namespace tierce::supervisord {
namespace {

struct Listener {
  ListenerProtocol protocol;
  std::string results;
  void say(std::string_view bytes) {
    protocol.feed(bytes, [this](std::string_view payload) { results.append(payload).append(";"); });
  }
};

TEST(ListenerProtocol, GoesRoundInAnySlicing) {
  for (std::size_t slice = 1; slice < 10; ++slice) {
    Listener listener;
    for (std::size_t i = 0; i < 6; i += slice)
      listener.say(std::string_view("READY\n").substr(i, std::min(slice, 6 - i)));
    EXPECT_EQ(listener.protocol.state(), ListenerState::kReady);
    listener.protocol.event_sent();
    constexpr std::string_view kAnswer = "RESULT 4\nFAILREADY\n";
    for (std::size_t i = 0; i < kAnswer.size(); i += slice) listener.say(kAnswer.substr(i, slice));
    EXPECT_EQ(listener.results, "FAIL;");
    EXPECT_EQ(listener.protocol.state(), ListenerState::kReady);
  }
}

TEST(ListenerProtocol, GivesUpOnOneThatSaysAnythingElse) {
  for (const char* first : {"hello\n", "READYX", "READY\nmore"}) {
    Listener listener;
    listener.say(first);
    EXPECT_EQ(listener.protocol.state(), ListenerState::kUnknown) << first;
    EXPECT_FALSE(listener.protocol.offence().empty());
  }
  for (const char* answer : {"OK", "RESULT x\n", "RESULT -1\n", "RESULT 99999999999\n"}) {
    Listener listener;
    listener.say("READY\n");
    listener.protocol.event_sent();
    listener.say(answer);
    EXPECT_EQ(listener.protocol.state(), ListenerState::kUnknown) << answer;
    EXPECT_EQ(listener.results, "");
  }
}

}  // namespace
}  // namespace tierce::supervisord
