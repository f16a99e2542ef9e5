#include "nginx/geo_table.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

using config::nginx::GeoBlock;
using Entries = std::vector<std::pair<std::string, std::string>>;

GeoTable table_of(const Entries& entries, bool ranges = false) {
  GeoBlock block;
  block.entries = entries;
  block.ranges = ranges;
  block.fallback = "none";
  return std::move(GeoTable::make(block).value());
}

std::string_view found(const GeoTable& table, std::string_view ip) { return table.find(*parse_ip(ip)); }

TEST(GeoTable, TheSmallestNetworkDecides) {
  const GeoTable table = table_of({{"10.0.0.0/8", "eight"},
                                   {"10.1.0.0/16", "sixteen"},
                                   {"10.1.2.3", "one"},
                                   {"192.168.0.0/22", "twenty-two"},
                                   {"2001:db8::/32", "six"},
                                   {"::/0", "all of six"}});
  EXPECT_EQ(found(table, "10.200.0.1"), "eight");
  EXPECT_EQ(found(table, "10.1.255.255"), "sixteen");
  EXPECT_EQ(found(table, "10.1.2.3"), "one");
  EXPECT_EQ(found(table, "192.168.3.1"), "twenty-two");
  EXPECT_EQ(found(table, "192.168.4.1"), "none");
  EXPECT_EQ(found(table, "2001:db8::1"), "six");
  EXPECT_EQ(found(table, "fe80::1"), "all of six");
  EXPECT_EQ(table.find_without_address(), "none");
}

TEST(GeoTable, LaterLinesReplaceAndDelete) {
  const GeoTable table = table_of({{"10.0.0.0/8", "first"},
                                   {"10.0.0.0/8", "second"},
                                   {"10.1.0.0/16", "gone"},
                                   {"delete", "10.1.0.0/16"},
                                   {"0.0.0.0/0", "all"}});
  EXPECT_EQ(found(table, "10.1.2.3"), "second");
  EXPECT_EQ(found(table, "11.0.0.1"), "all");
  EXPECT_EQ(table.find_without_address(), "all");
}

TEST(GeoTable, ARangeMayLieInsideAnother) {
  const GeoTable table = table_of({{"10.0.0.0-10.0.0.255", "outer"},
                                   {"10.0.0.10-10.0.0.20", "inner"},
                                   {"10.0.0.0-10.0.0.0", "first"},
                                   {"10.0.0.255-10.0.0.255", "last"},
                                   {"10.0.0.10-10.0.0.20", "again"},
                                   {"9.0.0.0-9.255.255.255", "before"}},
                                  true);
  for (const auto& [ip, value] : Entries{{"10.0.0.0", "first"},
                                         {"10.0.0.1", "outer"},
                                         {"10.0.0.9", "outer"},
                                         {"10.0.0.10", "again"},
                                         {"10.0.0.20", "again"},
                                         {"10.0.0.21", "outer"},
                                         {"10.0.0.255", "last"},
                                         {"10.0.1.0", "none"},
                                         {"9.1.2.3", "before"},
                                         {"8.0.0.1", "none"},
                                         {"::1", "none"}}) {
    EXPECT_EQ(found(table, ip), value) << ip;
  }
}

TEST(GeoTable, RangesMayNotCross) {
  for (const char* second :
       {"10.0.0.200-10.0.1.5", "9.0.0.0-10.0.0.5", "9.0.0.0-11.0.0.0", "10.0.0.9-10.0.0.1", "10.0.0.1", "::1-::2"}) {
    GeoBlock block;
    block.ranges = true;
    block.entries = {{"10.0.0.0-10.0.0.255", "a"}, {second, "b"}};
    EXPECT_FALSE(GeoTable::make(block).has_value()) << second;
  }
}

}  // namespace
}  // namespace tierce::nginx
