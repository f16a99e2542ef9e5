#include "http/mime_types.h"

#include <gtest/gtest.h>

namespace tierce::http {
namespace {

TEST(MimeTypes, LooksAtTheLastEndingOfTheName) {
  EXPECT_EQ(mime_type_of("/a/b.css"), "text/css");
  EXPECT_EQ(mime_type_of("app.min.JS"), "text/javascript");
  EXPECT_EQ(mime_type_of("/v1.2/readme"), "");
  EXPECT_EQ(mime_type_of("x.unheard-of"), "");
  EXPECT_EQ(mime_type_of("x."), "");
  EXPECT_EQ(mime_type_of(std::string("x.") + std::string(40, 'a')), "");
}

TEST(MimeTypes, AConfigurationGoesFirst) {
  MimeTypes types;
  types.add_file("# comment\n\ntext/x-mine  css  Foo\t# more\napplication/x-empty\nimage/x-last png");
  EXPECT_EQ(types.of("a.css"), "text/x-mine");
  EXPECT_EQ(types.of("a.foo"), "text/x-mine");
  EXPECT_EQ(types.of("a.more"), "");
  EXPECT_EQ(types.of("a.png"), "image/x-last");
  EXPECT_EQ(types.of("a.html"), "text/html");
}

}  // namespace
}  // namespace tierce::http
