#include "check/finding.h"

#include <gtest/gtest.h>

namespace tierce::check {
namespace {

TEST(Finding, IsOneLine) {
  EXPECT_EQ(line_of({Severity::kError, "x", {"a.conf", 3}, "it is wrong", "do this"}),
            "a.conf:3: error: it is wrong (do this)");
  EXPECT_EQ(line_of({Severity::kNote, "x", {"a.conf"}, "so it is", ""}), "a.conf: note: so it is");
}

TEST(Finding, TakesMessagesOfReadersApart) {
  struct Case {
    const char* message;
    const char* line;
  };
  const Case cases[] = {
      {"unknown directive \"servr\" (did you mean \"server\"?) in /etc/n.conf:3",
       "/etc/n.conf:3: error: unknown directive \"servr\" (did you mean \"server\"?)"},
      {"s.ini:7: [program:x] autorstart: unknown key (did you mean autostart?)",
       "s.ini:7: error: [program:x] autorstart: unknown key (did you mean autostart?)"},
      {"u.ini:2: proceses: unknown option: did you mean processes?",
       "u.ini:2: error: proceses: unknown option (did you mean processes?)"},
      {"no application given", "given.ini: error: no application given"},
      {"command line: -x is wrong", "given.ini: error: command line: -x is wrong"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(line_of(finding_of_message(c.message, "x", Severity::kError, "given.ini")), c.line);
  }
}

TEST(Finding, StandsOnceAndInOrder) {
  std::vector<Finding> findings = {{Severity::kNote, "x", {"b", 1}, "n", ""},
                                   {Severity::kNote, "x", {"a", 2}, "n", ""},
                                   {Severity::kError, "x", {"a", 2}, "e", ""},
                                   {Severity::kNote, "x", {"b", 1}, "n", ""}};
  put_in_order(findings);
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_EQ(findings[0].text, "e");
  EXPECT_EQ(findings[2].place.file, "b");
}

}  // namespace
}  // namespace tierce::check
