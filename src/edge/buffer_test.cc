#include "edge/buffer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tierce::edge {
namespace {

TEST(Buffer, IsEmptyAndCanBeLookedAtBeforeItHoldsAnything) {
  Buffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.view(), "");
  buffer.append("");
  buffer.cut(0, 0);
  buffer.shrink(0);
  EXPECT_EQ(buffer.size(), 0u);
}

TEST(Buffer, GivesRoomForAsManyBytesAsWereAskedFor) {
  Buffer buffer;
  for (const std::size_t least : {1u, 100u, 4096u, 1u, 100'000u}) {
    char* room = buffer.room(least);
    ASSERT_GE(buffer.room_bytes(), least);
    std::memset(room, 'x', least);
    buffer.filled(least);
  }
  EXPECT_EQ(buffer.view(), std::string(buffer.size(), 'x'));
}

TEST(Buffer, TakesBytesOutOfTheMiddle) {
  Buffer buffer;
  buffer.append("..head-body-next").consume(2);
  buffer.cut(5, 5);
  EXPECT_EQ(buffer.view(), "head-next");
  buffer.cut(4, 5);
  EXPECT_EQ(buffer.view(), "head");
}

TEST(Buffer, KeepsWhatItHoldsWhenItIsToldToShrink) {
  Buffer buffer;
  buffer.append(std::string(10'000, 'x'));
  buffer.shrink(100);
  EXPECT_EQ(buffer.size(), 10'000u);
  buffer.consume(10'000);
  buffer.shrink(20'000);
  buffer.shrink(100);
  EXPECT_EQ(buffer.room_bytes(), 0u);
}

TEST(Buffer, ReusesTheSpaceOfWhatWasConsumed) {
  Buffer buffer;
  buffer.append(std::string(1000, 'x'));
  const char* place = buffer.data();
  for (int i = 0; i < 1000; ++i) {
    buffer.consume(buffer.size() - 10);
    buffer.append(std::string(900, 'y'));
  }
  EXPECT_EQ(buffer.size(), 910u);
  buffer.consume(buffer.size());
  buffer.append("z");
  EXPECT_EQ(buffer.data(), place) << "no larger memory was needed";
}

TEST(Buffer, HoldsWhatAStringWouldHold) {
  std::mt19937 random(7);
  Buffer buffer;
  std::string model;
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t part = model.empty() ? 0 : random() % (model.size() + 1);
    switch (random() % 4) {
      case 0:
        buffer.consume(part);
        model.erase(0, part);
        break;
      case 1: {
        const std::size_t bytes = random() % (model.size() - part + 1);
        buffer.cut(part, bytes);
        model.erase(part, bytes);
        break;
      }
      default: {
        const std::string more(random() % 50, static_cast<char>('a' + i % 26));
        buffer.append(more);
        model += more;
      }
    }
    ASSERT_EQ(buffer.view(), model) << i;
  }
}

}  // namespace
}  // namespace tierce::edge
