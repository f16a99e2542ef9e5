#include "config/supervisord/values.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "config/supervisord/event_names.h"
#include "config/supervisord/keys.h"

namespace tierce::config::supervisord {
namespace {

TEST(Values, ReadsSizesSignalsAndNumbers) {
  EXPECT_EQ(parse_byte_size("50MB").value(), 50u << 20);
  EXPECT_EQ(parse_byte_size(" 1kb ").value(), 1024u);
  EXPECT_EQ(parse_byte_size("0").value(), 0u);
  EXPECT_EQ(parse_signal("SIGUSR1").value(), SIGUSR1);
  EXPECT_EQ(parse_signal("term").value(), SIGTERM);
  EXPECT_EQ(parse_signal("9").value(), 9);
  EXPECT_EQ(parse_octal("022").value(), 022);
  EXPECT_EQ(parse_octal("0o700").value(), 0700);
  EXPECT_EQ(parse_exit_codes("0, 2,").value(), (std::vector<int>{0, 2}));
  EXPECT_EQ(parse_boolean("On").value(), true);
  EXPECT_EQ(signal_name(SIGCHLD), "SIGCHLD");
}

TEST(Values, RefusesTheRest) {
  for (const char* text : {"", "x", "-1", "5TB", "1 MB x", "99999999999GB"})
    EXPECT_FALSE(parse_byte_size(text)) << text;
  for (const char* text : {"", "NO", "0", "99", "SIG"}) EXPECT_FALSE(parse_signal(text)) << text;
  for (const char* text : {"256", "-1", "x"}) EXPECT_FALSE(parse_exit_codes(text)) << text;
  for (const char* text : {"a b", "a:b", "a/b"}) EXPECT_FALSE(parse_name(text)) << text;
  for (const char* text : {"8", "", "rwx", "77777"}) EXPECT_FALSE(parse_octal(text)) << text;
}

TEST(Keys, FindsTheNearestKeyOfTheSameSection) {
  EXPECT_EQ(nearest_key(SectionKind::kProgram, "stopwatisecs"), "stopwaitsecs");
  EXPECT_EQ(nearest_key(SectionKind::kProgram, "autorstart"), "autostart");
  EXPECT_EQ(nearest_key(SectionKind::kSupervisord, "zzzzzz"), "");
  EXPECT_EQ(section_kind("program:x"), SectionKind::kProgram);
  EXPECT_EQ(section_kind("program"), std::nullopt);
}

TEST(EventNames, KnowsWhatIsAKindOfWhat) {
  EXPECT_TRUE(event_is("PROCESS_STATE_EXITED", "PROCESS_STATE"));
  EXPECT_TRUE(event_is("TICK_5", "EVENT"));
  EXPECT_FALSE(event_is("TICK_5", "TICK_60"));
  EXPECT_FALSE(is_event_name("PROCESS"));
}

}  // namespace
}  // namespace tierce::config::supervisord
