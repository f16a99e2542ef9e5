#include "edge/own_response.h"

#include <gtest/gtest.h>

namespace tierce::edge {
namespace {

constexpr std::string_view kDate = "Tue, 14 Nov 2023 22:13:20 GMT";

std::string_view head_of(const OwnResponse& response) {
  return std::string_view(response.bytes).substr(0, response.bytes.find("\r\n\r\n") + 4);
}
bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

TEST(OwnResponse, SaysTheLengthOfItsBody) {
  const OwnResponse response = make_own_response(502, "tierce", kDate, false, false);
  const std::string_view head = head_of(response);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 502 Bad Gateway\r\n")) << head;
  EXPECT_TRUE(has(head, "Content-Length: " + std::to_string(response.body_bytes) + "\r\n")) << head;
  EXPECT_EQ(head.size() + response.body_bytes, response.bytes.size());
  EXPECT_FALSE(has(head, "Connection:")) << head;
}

TEST(OwnResponse, HasTheSameHeadAndNoBodyForHead) {
  const OwnResponse full = make_own_response(404, "tierce", kDate, true, false);
  const OwnResponse head = make_own_response(404, "tierce", kDate, true, true);
  EXPECT_EQ(head.bytes, head_of(full));
  EXPECT_EQ(head.body_bytes, 0u);
}

TEST(OwnResponse, SaysThatTheConnectionCloses) {
  EXPECT_TRUE(has(head_of(make_own_response(400, "tierce", kDate, true, false)), "Connection: close\r\n"));
}

TEST(OwnResponse, HoldsTheLinesItIsGiven) {
  const OwnResponse response = make_own_response(503, "tierce", kDate, true, false, "Retry-After: 1\r\n");
  EXPECT_TRUE(has(head_of(response), "\r\nRetry-After: 1\r\n")) << response.bytes;
}

}  // namespace
}  // namespace tierce::edge
