#include "nginx/map_table.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

using config::nginx::MapBlock;
using config::nginx::MapEntry;

// Keys as they are written in the file.
MapBlock block_of(const std::vector<std::pair<std::string, std::string>>& lines, bool hostnames) {
  MapBlock block;
  block.hostnames = hostnames;
  for (const auto& [key, value] : lines) {
    MapEntry entry{.key = key, .expression = {}, .value = *config::nginx::parse_text_value(value)};
    if (key.starts_with('~')) {
      const bool ignored = key.starts_with("~*");
      entry.expression = *config::nginx::compile_expression(std::string_view(key).substr(ignored ? 2 : 1),
                                                            ignored ? Regex::Case::kIgnored : Regex::Case::kMatters);
    } else if (key.starts_with('\\')) {
      entry.key.erase(0, 1);
    }
    block.entries.push_back(std::move(entry));
  }
  return block;
}

std::string_view found(const MapTable& table, std::string_view source) {
  const MapTable::Choice choice = table.find(source);
  return choice.value == nullptr ? std::string_view("nothing") : choice.value->written;
}

// What nginx 1.22 gave them.
TEST(MapTable, HostsAreFoundAsNginxFindsThem) {
  struct Case {
    std::string_view source, value;
  };
  MapBlock block = block_of({{"example.com", "exact"},
                             {"*.example.com", "below"},
                             {".dot.org", "dot"},
                             {"www.example.*", "tail"},
                             {"*.a.example.com", "deeper"},
                             {"~^x(\\d+)$", "re $1"},
                             {"~*^YY(?<n>.)", "ci $n"},
                             {"", "empty"},
                             {"\\~lit", "lit"},
                             {"~.*example.*", "catch"},
                             {"Upper.com", "up"}},
                            true);
  block.fallback = *config::nginx::parse_text_value("def");
  const auto table = MapTable::make(block);
  ASSERT_TRUE(table.has_value());
  for (const Case& c : {
           Case{"example.com", "exact"},
           Case{"EXAMPLE.com", "exact"},
           Case{"example.com.", "exact"},
           Case{"a.example.com", "below"},
           Case{"x.a.example.com", "deeper"},
           Case{".example.com", "below"},
           Case{"dot.org", "dot"},
           Case{"a.dot.org", "dot"},
           Case{"www.example.de", "tail"},
           Case{"www.example.co.uk", "tail"},
           Case{"www.example", "catch"},
           Case{"x12", "re $1"},
           Case{"YYz", "ci $n"},
           Case{"yyq", "ci $n"},
           Case{"zz", "def"},
           Case{"~lit", "lit"},
           Case{"fooexampleq", "catch"},
           Case{"upper.com", "up"},
           Case{"", "empty"},
           Case{"*.example.com", "below"},
           Case{".dot.org", "dot"},
           Case{"www.example.", "catch"},
           Case{".", "empty"},
       }) {
    EXPECT_EQ(found(*table, c.source), c.value) << c.source;
  }
}

TEST(MapTable, StarsAreTextWhereHostsAreNotMeant) {
  const MapBlock block = block_of({{"*.example.com", "star"}, {".dot.org", "dot"}}, false);
  const auto table = MapTable::make(block);
  EXPECT_EQ(found(*table, "*.example.com"), "star");
  EXPECT_EQ(found(*table, "a.example.com"), "nothing");
  EXPECT_EQ(found(*table, "dot.org"), "nothing");
  EXPECT_EQ(found(*table, ".DOT.org"), "dot");
  EXPECT_EQ(found(*table, ""), "nothing");
}

TEST(MapTable, CapturesAreThoseOfTheExpressionThatMatched) {
  const MapBlock block = block_of({{"~^/(?<lang>[a-z]+)/", "$lang"}, {"~.", "any"}}, false);
  const auto table = MapTable::make(block);
  const MapTable::Choice choice = table->find("/de/page");
  ASSERT_NE(choice.matched, nullptr);
  EXPECT_EQ(choice.matched->group("/de/page", 1), "de");
  EXPECT_EQ(found(*table, ""), "nothing");  // Expressions are not asked about it.
}

}  // namespace
}  // namespace tierce::nginx
