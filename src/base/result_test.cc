#include "base/result.h"

#include <gtest/gtest.h>

namespace tierce {

TEST(Result, CarriesWhatWasBeingTriedOutermostFirst) {
  Result<int> failed = fail(Error("bind 0.0.0.0:80: permission denied").during("opening listener 'shop'"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().text(), "opening listener 'shop': bind 0.0.0.0:80: permission denied");
}

}  // namespace tierce
