#include "http/byte_scan.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

namespace tierce::http {
namespace {

std::vector<const ByteScan*> versions() {
  std::vector<const ByteScan*> found;
  for (const char* name : {"portable", "sse2", "avx2"}) {
    if (const ByteScan* version = find_byte_scan(name)) found.push_back(version);
  }
  return found;
}

}  // namespace

TEST(ByteScan, AllVersionsStopAtTheSameBytes) {
  for (const ByteScan* version : versions()) {
    for (int c = 0; c < 256; ++c) {
      // A block of each width and a tail: every path of every version meets the byte.
      const std::vector<char> bytes(67, static_cast<char>(c));
      for (const std::size_t length : {1, 16, 32, 67}) {
        const char* end = bytes.data() + length;
        const bool value_stops = (c < 0x20 && c != '\t') || c == 0x7f;
        const bool target_stops = c <= 0x20 || c == 0x7f || c == '#';
        EXPECT_EQ(version->value_stop(bytes.data(), end), value_stops ? bytes.data() : end) << version->name << c;
        EXPECT_EQ(version->target_stop(bytes.data(), end), target_stops ? bytes.data() : end) << version->name << c;
      }
    }
  }
}

TEST(ByteScan, AllVersionsFindTheFirstStopAtEveryOffsetAndLength) {
  constexpr std::size_t kLengthMax = 100;
  for (const ByteScan* version : versions()) {
    for (std::size_t length = 0; length <= kLengthMax; ++length) {
      // Of its exact size and without a stop behind it: the sanitizer sees a read past the end.
      const auto bytes = std::make_unique<char[]>(length);
      for (std::size_t begin = 0; begin <= length; ++begin) {
        for (std::size_t stop = begin; stop <= length; ++stop) {
          if (length != 0) std::memset(bytes.get(), 'a', length);
          if (stop < length) bytes[stop] = '\r';
          if (stop + 1 < length) bytes[stop + 1] = '\n';  // A second one behind must not win.
          if (begin > 0) bytes[begin - 1] = '\r';         // Nor one in front.
          const char* const from = bytes.get() + begin;
          const char* const end = bytes.get() + length;
          ASSERT_EQ(version->value_stop(from, end) - bytes.get(), static_cast<std::ptrdiff_t>(stop)) << version->name;
          ASSERT_EQ(version->target_stop(from, end) - bytes.get(), static_cast<std::ptrdiff_t>(stop)) << version->name;
        }
      }
    }
  }
}

TEST(ByteScan, TheChosenVersionIsTheFastestThatRunsHere) { EXPECT_STREQ(byte_scan.name, versions().back()->name); }

}  // namespace tierce::http
