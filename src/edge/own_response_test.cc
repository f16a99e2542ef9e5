#include "edge/own_response.h"

#include <gtest/gtest.h>

namespace tierce::edge {
namespace {

constexpr std::string_view kDate = "Tue, 14 Nov 2023 22:13:20 GMT";

std::string_view head_of(const OwnResponse& response) {
  return std::string_view(response.bytes).substr(0, response.bytes.find("\r\n\r\n") + 4);
}
bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

OwnResponse make(const OwnAnswer& answer, const ResponseWire& wire = {}) {
  return make_own_response(wire, answer, "tierce", kDate);
}

TEST(OwnResponse, SaysTheLengthOfItsBody) {
  const OwnResponse response = make({.status = 502, .close = false});
  const std::string_view head = head_of(response);
  EXPECT_TRUE(head.starts_with("HTTP/1.1 502 Bad Gateway\r\n")) << head;
  EXPECT_TRUE(has(head, "Content-Length: " + std::to_string(response.body_bytes) + "\r\n")) << head;
  EXPECT_EQ(head.size() + response.body_bytes, response.bytes.size());
  EXPECT_FALSE(has(head, "Connection:")) << head;
}

TEST(OwnResponse, HasTheSameHeadAndNoBodyForHead) {
  const OwnResponse full = make({.status = 404});
  const OwnResponse head = make({.status = 404, .head_only = true});
  EXPECT_EQ(head.bytes, head_of(full));
  EXPECT_EQ(head.body_bytes, 0u);
}

TEST(OwnResponse, SaysThatTheConnectionCloses) {
  EXPECT_TRUE(has(head_of(make({.status = 400})), "Connection: close\r\n"));
}

TEST(OwnResponse, HoldsTheLinesItIsGiven) {
  const OwnResponse response = make({.status = 503, .extra = "Retry-After: 1\r\n"});
  EXPECT_TRUE(has(head_of(response), "\r\nRetry-After: 1\r\n")) << response.bytes;
}

TEST(OwnResponse, SpeaksAsTheFrontServerExpects) {
  const std::string uwsgi = make({.status = 502}, {.protocol = config::WireProtocol::kUwsgi}).bytes;
  EXPECT_TRUE(uwsgi.starts_with("HTTP/1.1 502 Bad Gateway\r\nContent-Type:")) << uwsgi;
  EXPECT_FALSE(has(uwsgi, "Connection:") || has(uwsgi, "Server:") || has(uwsgi, "Date:")) << uwsgi;
  const std::string scgi = make({.status = 502}, {.protocol = config::WireProtocol::kScgi}).bytes;
  EXPECT_TRUE(scgi.starts_with("Status: 502 Bad Gateway\r\nContent-Type:")) << scgi;
}

TEST(OwnResponse, IsWrappedInRecordsForFastCgi) {
  const ResponseWire wire{.protocol = config::WireProtocol::kFastcgi, .request_id = 0x0102};
  const OwnResponse response = make({.status = 404}, wire);
  const std::string text = make({.status = 404}, {.protocol = config::WireProtocol::kScgi}).bytes;
  EXPECT_EQ(response.bytes.substr(0, 4), std::string("\x01\x06\x01\x02", 4));
  EXPECT_EQ(response.bytes.substr(8, text.size()), text);
  EXPECT_TRUE(response.bytes.ends_with(wire.end()));
}

}  // namespace
}  // namespace tierce::edge
