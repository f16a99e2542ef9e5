#include "http/byte_range.h"

#include <gtest/gtest.h>

#include <string>

namespace tierce::http {
namespace {

using Kind = RangeRequest::Kind;

std::string read(std::string_view value, std::uint64_t size = 1000) {
  const RangeRequest wanted = parse_range(value, size);
  if (wanted.kind == Kind::kWhole) return "whole";
  if (wanted.kind == Kind::kUnsatisfiable) return "416";
  std::string text;
  for (const ByteRange& part : wanted.parts) {
    text += (text.empty() ? "" : " ") + std::to_string(part.begin) + "-" + std::to_string(part.end);
  }
  return text;
}

TEST(ByteRange, ReadsSingleAndSeveral) {
  EXPECT_EQ(read("bytes=0-0"), "0-1");
  EXPECT_EQ(read("bytes=5-"), "5-1000");
  EXPECT_EQ(read("bytes=-5"), "995-1000");
  EXPECT_EQ(read("bytes=-5000"), "0-1000");
  EXPECT_EQ(read("bytes=990-5000"), "990-1000");
  EXPECT_EQ(read("Bytes=0-1, 5-6 ,-1"), "0-2 5-7 999-1000");
  EXPECT_EQ(read("bytes= 1 - 2"), "1-3");
}

TEST(ByteRange, LeavesAloneWhatItNeedNotServe) {
  EXPECT_EQ(read(""), "whole");
  EXPECT_EQ(read("lines=1-2"), "whole");
  EXPECT_EQ(read("bytes=0-999,0-0"), "whole");
  std::string many = "bytes=0-0";
  for (int i = 0; i < 2000; ++i) many += ",1-1";
  EXPECT_EQ(read(many, 1u << 30), "whole");
}

TEST(ByteRange, CannotSatisfyNonsense) {
  for (const char* value : {"bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=5-1", "bytes=1000-", "bytes=-0",
                            "bytes=1-2x", "bytes=1-2,,", "bytes=--5", "bytes=99999999999999999999-"}) {
    EXPECT_EQ(read(value), "416") << value;
  }
  // nginx CVE-2017-7529
  EXPECT_EQ(read("bytes=-600,-9223372036854774591"), "whole");
  EXPECT_EQ(read("bytes=-9223372036854775808"), "416");
  EXPECT_EQ(read("bytes=0-0", 0), "416");
}

TEST(ByteRange, SkipsAReversedOneAmongOthers) { EXPECT_EQ(read("bytes=9-8,1-1"), "1-2"); }

}  // namespace
}  // namespace tierce::http
