#include "config/route_settings.h"

#include <gtest/gtest.h>

namespace tierce::config {
namespace {

std::string shown(std::string_view text) {
  const auto parts = parse_route_text(text);
  if (!parts) return "!" + parts.error().text();
  std::string out;
  for (const RoutePart& part : *parts) {
    out += "tgvqc"[static_cast<int>(part.kind)];
    out += part.kind == RoutePart::Kind::kGroup ? std::to_string(part.group) : "(" + part.text + ")";
  }
  return out;
}

TEST(RouteText, IsSplitIntoWhatStandsThereAndWhatARequestPutsIn) {
  EXPECT_EQ(shown(""), "");
  EXPECT_EQ(shown("plain"), "t(plain)");
  EXPECT_EQ(shown("/a/$1?q=$2"), "t(/a/)g1t(?q=)g2");
  EXPECT_EQ(shown("$12"), "g1t(2)");
  EXPECT_EQ(shown("https://${HTTP_HOST}$0"), "t(https://)v(HTTP_HOST)g0");
  EXPECT_EQ(shown("${qs[a]}${cookie[session id]}"), "q(a)c(session id)");
}

TEST(RouteText, LeavesADollarThatBeginsNothing) {
  EXPECT_EQ(shown("$"), "t($)");
  EXPECT_EQ(shown("5$ a$b"), "t(5$ a$b)");
  EXPECT_EQ(shown("$$1"), "t($$1)");
  EXPECT_EQ(shown("${open"), "t(${open)");
  EXPECT_EQ(shown("${}"), "v()");
}

TEST(RouteText, NamesAFunctionItDoesNotKnow) {
  EXPECT_EQ(shown("a ${time[unix]}"), "!${time[unix]} is not supported");
  EXPECT_EQ(shown("${uwsgi[wid]}"), "!${uwsgi[wid]} is not supported");
}

}  // namespace
}  // namespace tierce::config
