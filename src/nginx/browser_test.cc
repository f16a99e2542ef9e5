#include "nginx/browser.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

TEST(Browser, OldExplorersAreKnown) {
  EXPECT_TRUE(browser_of("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)").msie6);
  EXPECT_TRUE(browser_of("Mozilla/4.0 (compatible; MSIE 5.01; Windows NT 5.0)").msie6);
  EXPECT_FALSE(browser_of("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)").msie6);
  EXPECT_TRUE(browser_of("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)").msie);
  EXPECT_FALSE(browser_of("Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2)").msie6);
  EXPECT_FALSE(browser_of("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1) Opera 8.0").msie);
  EXPECT_FALSE(browser_of("MSIE 6").msie);
  EXPECT_FALSE(browser_of("").msie);
}

TEST(Browser, SafariIsTheOneOfMacOs) {
  constexpr std::string_view kSafari =
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.1 "
      "Safari/605.1.15";
  constexpr std::string_view kChrome =
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0 "
      "Safari/537.36";
  EXPECT_TRUE(browser_of(kSafari).safari);
  EXPECT_FALSE(browser_of(kChrome).safari);
  EXPECT_TRUE(browser_of(kChrome).chrome);
  EXPECT_FALSE(browser_of("Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/110.0 Chrome/1").chrome);
}

}  // namespace
}  // namespace tierce::nginx
