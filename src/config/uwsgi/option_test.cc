#include "config/uwsgi/option.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tierce::config::uwsgi {
namespace {

TEST(UwsgiOptions, KnowAllOfUwsgisNamesOnce) {
  const auto rows = all_options();
  EXPECT_GT(rows.size(), 1240u);
  const auto twice =
      std::adjacent_find(rows.begin(), rows.end(), [](const Option& a, const Option& b) { return a.name == b.name; });
  EXPECT_EQ(twice, rows.end()) << twice->name;
}

TEST(UwsgiOptions, HonourExactlyWhatIsApplied) {
  for (const Option& row : all_options()) {
    if (!row.alias_of.empty()) continue;
    EXPECT_EQ(row.answer == Answer::kHonoured, row.apply != nullptr) << row.name;
  }
}

TEST(UwsgiOptions, SayWhyOrWhatHappens) {
  for (const Option& row : all_options()) EXPECT_FALSE(row.note.empty()) << row.name;
}

TEST(UwsgiOptions, FindAliasesUnderTheirMeaning) {
  EXPECT_EQ(find_resolved("workers")->name, "processes");
  EXPECT_EQ(find_resolved("venv")->name, "home");
  EXPECT_EQ(find_letter('H')->name, "home");
  EXPECT_EQ(find("Master"), nullptr) << "names are matched exactly";
}

}  // namespace
}  // namespace tierce::config::uwsgi
