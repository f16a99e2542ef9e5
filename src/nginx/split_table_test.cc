#include "nginx/split_table.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

using config::nginx::SplitBlock;

SplitBlock block_of(const std::vector<std::pair<std::int64_t, std::string>>& parts) {
  SplitBlock block;
  for (const auto& [hundredths, value] : parts)
    block.parts.emplace_back(hundredths, *config::nginx::parse_text_value(value));
  return block;
}

std::string_view found(const SplitTable& table, std::string_view source) {
  const auto* value = table.find(source);
  return value == nullptr ? std::string_view() : value->written;
}

// What nginx 1.22 gave them.
TEST(SplitTable, ClientsStayInThePartThatNginxGaveThem) {
  struct Case {
    std::string_view source, of_all, of_some;
  };
  const SplitBlock all = block_of({{50, "a"}, {3333, "b"}, {2000, "c"}, {0, "d"}});
  const SplitBlock some = block_of({{1000, "a"}, {2001, "b"}});
  const SplitTable of_all(all), of_some(some);
  for (const Case& c : {
           Case{"a", "d", ""},         Case{"ab", "b", "b"},         Case{"abc", "b", "a"}, Case{"abcd", "b", "b"},
           Case{"abcde", "c", ""},     Case{"hello+world", "d", ""}, Case{"1", "b", "b"},   Case{"2", "b", "b"},
           Case{"3", "c", ""},         Case{"4", "b", "b"},          Case{"5", "c", ""},    Case{"6", "c", ""},
           Case{"127.0.0.1", "d", ""}, Case{"k0", "d", ""},          Case{"k1", "d", ""},   Case{"k2", "b", "b"},
           Case{"k3", "c", ""},        Case{"k4", "d", ""},          Case{"k5", "b", "b"},  Case{"k6", "b", ""},
           Case{"k7", "d", ""},        Case{"k8", "c", ""},          Case{"k9", "b", "a"},  Case{"k10", "b", "b"},
           Case{"k11", "b", "a"},      Case{"k12", "b", "a"},        Case{"k13", "d", ""},  Case{"k14", "b", "a"},
           Case{"k15", "c", ""},       Case{"k16", "d", ""},         Case{"k17", "d", ""},  Case{"k18", "b", "b"},
           Case{"k19", "d", ""},       Case{"k20", "b", "b"},        Case{"k21", "b", "b"}, Case{"k22", "d", ""},
           Case{"k23", "b", "b"},      Case{"k24", "c", ""},         Case{"k25", "b", "b"}, Case{"k26", "b", "b"},
           Case{"k27", "b", ""},       Case{"k28", "c", ""},         Case{"k29", "d", ""},  Case{"k30", "b", "a"},
           Case{"k31", "b", "b"},      Case{"k32", "b", ""},         Case{"k33", "d", ""},  Case{"k34", "d", ""},
           Case{"k35", "d", ""},       Case{"k36", "d", ""},         Case{"k37", "b", "a"}, Case{"k38", "c", ""},
           Case{"k39", "d", ""},
       }) {
    EXPECT_EQ(found(of_all, c.source), c.of_all) << c.source;
    EXPECT_EQ(found(of_some, c.source), c.of_some) << c.source;
  }
}

}  // namespace
}  // namespace tierce::nginx
