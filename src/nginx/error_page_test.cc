#include "nginx/error_page.h"

#include <gtest/gtest.h>

namespace tierce::nginx {
namespace {

TEST(ErrorPage, IsNginxsWithOurName) {
  EXPECT_EQ(error_page(404, "tierce/1.2"),
            "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n"
            "<center><h1>404 Not Found</h1></center>\r\n<hr><center>tierce/1.2</center>\r\n</body>\r\n</html>\r\n");
  EXPECT_EQ(error_page(497, "tierce"),
            "<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n<body>\r\n"
            "<center><h1>400 Bad Request</h1></center>\r\n"
            "<center>The plain HTTP request was sent to HTTPS port</center>\r\n"
            "<hr><center>tierce</center>\r\n</body>\r\n</html>\r\n");
  EXPECT_EQ(server_word(false, "1.2"), "tierce");
  EXPECT_EQ(server_word(true, "1.2"), "tierce/1.2");
}

// What nginx 1.22 answers `return STATUS;` with: how long its pages are without its name.
TEST(ErrorPage, ThereIsOneForEachStatusThatNginxHasOneFor) {
  struct Case {
    int status;
    std::size_t bytes;
  };
  for (const Case& c : {
           Case{301, 157}, Case{302, 133}, Case{303, 141}, Case{307, 159}, Case{308, 159}, Case{400, 145},
           Case{401, 167}, Case{402, 155}, Case{403, 141}, Case{404, 141}, Case{405, 145}, Case{406, 151},
           Case{409, 139}, Case{410, 131}, Case{411, 153}, Case{412, 161}, Case{413, 171}, Case{414, 165},
           Case{415, 167}, Case{416, 185}, Case{421, 161}, Case{429, 157}, Case{494, 221}, Case{495, 203},
           Case{496, 225}, Case{497, 243}, Case{498, 141}, Case{500, 165}, Case{501, 153}, Case{502, 145},
           Case{503, 185}, Case{504, 155}, Case{505, 175}, Case{507, 163},
       }) {
    EXPECT_EQ(error_page(c.status, "").size(), c.bytes) << c.status;
  }
  for (const int status : {200, 204, 300, 304, 305, 407, 417, 418, 422, 426, 444, 451, 499, 506, 508, 511, 599})
    EXPECT_EQ(error_page(status, ""), "") << status;
}

TEST(ErrorPage, ClientsAreToldOfPlain400) {
  for (const int status : {494, 495, 496, 497}) EXPECT_EQ(told_status(status), 400);
  EXPECT_EQ(told_status(404), 404);
  EXPECT_EQ(told_status(498), 498);
}

TEST(ErrorPage, IsPaddedWhenItIsAnError) {
  EXPECT_EQ(error_page_padding(404).size(), 402U);
  EXPECT_EQ(error_page_padding(497).size(), 402U);
  EXPECT_EQ(error_page_padding(301), "");
  EXPECT_EQ(error_page_padding(418), "");
}

TEST(ErrorPage, ARefreshNeverLeavesItsAttribute) {
  EXPECT_EQ(refresh_page("/x?<a&b\"c>"),
            "<html><head><meta http-equiv=\"Refresh\" content=\"0; URL=/x?%3Ca&b%22c%3E\"></head><body></body></html>"
            "\r\n");
}

}  // namespace
}  // namespace tierce::nginx
