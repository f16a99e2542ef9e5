#include "nginx/type_set.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

TEST(TypeSet, HtmlIsAlwaysAmongThem) {
  EXPECT_TRUE(TypeSet({}).has("text/html"));
  EXPECT_TRUE(TypeSet({"application/json"}).has("Text/HTML; charset=utf-8"));
  EXPECT_FALSE(TypeSet({}).has("application/json"));
  EXPECT_FALSE(TypeSet({}).has(""));
}

TEST(TypeSet, ACharsetDoesNotMatterButOtherParametersDo) {
  const TypeSet types({"application/json", "Text/CSS"});
  EXPECT_TRUE(types.has("application/json"));
  EXPECT_TRUE(types.has("application/json;charset=UTF-8"));
  EXPECT_TRUE(types.has("application/json;  Charset=\"UTF-8\""));
  EXPECT_TRUE(types.has("text/css"));
  EXPECT_FALSE(types.has("application/json; version=1"));
  EXPECT_FALSE(types.has("application/json; version=1; charset=utf-8"));
}

TEST(TypeSet, AStarIsEveryType) {
  EXPECT_TRUE(TypeSet({"*"}).has("image/png; a=b"));
  EXPECT_FALSE(TypeSet({"*"}).has(""));
}

}  // namespace
}  // namespace tierce::nginx
