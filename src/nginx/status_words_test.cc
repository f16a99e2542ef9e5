#include "nginx/status_words.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

TEST(StatusWords, AreNginxsWhereTheRegistryHasOthers) {
  EXPECT_EQ(status_words(302), "Moved Temporarily");
  EXPECT_EQ(status_words(405), "Not Allowed");
  EXPECT_EQ(status_words(503), "Service Temporarily Unavailable");
}

TEST(StatusWords, NamesNothingThatNginxDoesNotKnow) { EXPECT_EQ(status_words(418), ""); }

}  // namespace
}  // namespace tierce::nginx
