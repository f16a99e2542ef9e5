#include "supervisord/output_filter.h"

#include <gtest/gtest.h>

namespace tierce::supervisord {
namespace {

struct Result {
  std::string log, messages;
};

Result filtered(std::string_view text, std::size_t slice, bool strip, std::uint64_t capture) {
  Result result;
  OutputFilter filter(strip, capture);
  const auto log = [&](std::string_view part) { result.log += part; };
  for (std::size_t i = 0; i < text.size(); i += slice)
    filter.feed(text.substr(i, slice), log, [&](std::string_view m) { result.messages.append(m).append(";"); });
  filter.end(log);
  return result;
}

TEST(OutputFilter, AnySlicingComesToTheSame) {
  constexpr std::string_view kText =
      "a<!--XSUPERVISOR:BEGIN-->one<!--XSUPERVISOR:END-->b<!--XSUP<!--XSUPERVISOR:BEGIN-->0123456789<!--XSUPERVISOR:"
      "END-->\x1b[1;"
      "31mred\x1b[0m\x1b(x<!--XSUPERVISOR:BEG";
  for (std::size_t slice = 1; slice <= kText.size(); ++slice) {
    const Result result = filtered(kText, slice, true, 4);
    EXPECT_EQ(result.log, "ab<!--XSUPred\x1b(x<!--XSUPERVISOR:BEG") << slice;
    EXPECT_EQ(result.messages, "one;6789;") << slice;
  }
}

TEST(OutputFilter, WithoutCaptureAndStripNothingChanges) {
  constexpr std::string_view kText = "\x1b[1m<!--XSUPERVISOR:BEGIN-->";
  EXPECT_EQ(filtered(kText, 3, false, 0).log, kText);
}

}  // namespace
}  // namespace tierce::supervisord
