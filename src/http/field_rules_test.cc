#include "http/field_rules.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tierce::http {

using std::string_literals::operator""s;

TEST(FieldRules, ATokenIsTheRfcsBytesAndNotEmpty) {
  EXPECT_FALSE(is_token(""));
  const std::string_view marks = "!#$%&'*+-.^_`|~";
  for (int c = 0; c < 256; ++c) {
    const auto byte = static_cast<char>(c);
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    const bool want = letter || (byte >= '0' && byte <= '9') || (c != 0 && marks.find(byte) != std::string_view::npos);
    EXPECT_EQ(is_token("X"s + byte), want) << c;
  }
}

TEST(FieldRules, AValueCannotStartAnotherLine) {
  for (int c = 0; c < 256; ++c) {
    const bool want = c == '\t' || (c >= 0x20 && c != 0x7f);
    EXPECT_EQ(is_field_value("a"s + static_cast<char>(c) + "b"), want) << c;
  }
  EXPECT_TRUE(is_field_value(""));
  EXPECT_FALSE(is_field_value("x\r\nSet-Cookie: a=1"));
}

TEST(FieldRules, HopByHopNamesAreKnownInAnyCase) {
  for (const char* name : {"Connection", "KEEP-ALIVE", "proxy-authenticate", "Proxy-Authorization", "TE", "Trailer",
                           "Transfer-Encoding", "upgrade"}) {
    EXPECT_TRUE(is_hop_by_hop(name)) << name;
  }
  for (const char* name : {"", "T", "Content-Length", "Connection2", "Transfer_Encoding", "Date"}) {
    EXPECT_FALSE(is_hop_by_hop(name)) << name;
  }
}

TEST(FieldRules, TakesListItemsOneByOne) {
  std::string_view list = " a ,\t,b\t,c=d";
  std::vector<std::string> items;
  while (!list.empty()) items.emplace_back(take_list_item(list));
  EXPECT_EQ(items, (std::vector<std::string>{"a", "", "b", "c=d"}));
}

}  // namespace tierce::http
