#include "config/nginx/address.h"

#include <gtest/gtest.h>

namespace tierce::config::nginx {
namespace {

std::string listening(std::string_view text) {
  const auto address = parse_listen_address(text);
  return address ? address->text() + (address->wildcard ? " all" : "") : address.error().text();
}

std::string passing(std::string_view text) {
  const auto address = parse_upstream_address(text, 8080);
  return address ? address->text() + (address->uri.empty() ? "" : " " + address->uri) : address.error().text();
}

TEST(NginxAddress, OfListen) {
  EXPECT_EQ(listening("8000"), "0.0.0.0:8000 all");
  EXPECT_EQ(listening("*:81"), "0.0.0.0:81 all");
  EXPECT_EQ(listening("0.0.0.0:81"), "0.0.0.0:81 all");
  EXPECT_EQ(listening("127.0.0.1"), "127.0.0.1:80");
  EXPECT_EQ(listening("localhost:81"), "127.0.0.1:81");
  EXPECT_EQ(listening("[::]:81"), "[::]:81 all");
  EXPECT_EQ(listening("[0:0::1]"), "[::1]:80");
  EXPECT_EQ(listening("unix:/run/a"), "unix:/run/a");
  EXPECT_EQ(listening("0"), "invalid port");
  EXPECT_EQ(listening("70000"), "invalid port");
  EXPECT_EQ(listening("a:b"), "invalid port");
  EXPECT_EQ(listening(":80"), "no host");
  EXPECT_EQ(listening("unix:"), "no path in the unix domain socket");
  EXPECT_EQ(listening("[::x]:80"), "invalid IPv6 address");
}

std::string range(std::string_view text) {
  const auto all = parse_listen_addresses(text);
  if (!all) return all.error().text();
  std::string said;
  for (const Address& each : *all) said += (said.empty() ? "" : " ") + each.text();
  return said;
}

TEST(NginxAddress, OfListenWithARangeOfPorts) {
  EXPECT_EQ(range("127.0.0.1:8000-8002"), "127.0.0.1:8000 127.0.0.1:8001 127.0.0.1:8002");
  EXPECT_EQ(range("8000-8001"), "0.0.0.0:8000 0.0.0.0:8001");
  EXPECT_EQ(range("[::1]:65535-65535"), "[::1]:65535");
  EXPECT_EQ(range("[::1]"), "[::1]:80");
  EXPECT_EQ(range("a-host:81"), "a-host:81");
  EXPECT_EQ(range("a-host"), "a-host:80");
  EXPECT_EQ(range("unix:/run/a-1-2"), "unix:/run/a-1-2");
  EXPECT_EQ(range("8001-8000"), "invalid port range");
  EXPECT_EQ(range("8000-"), "invalid port");
  EXPECT_EQ(range("8000-70000"), "invalid port");
  EXPECT_EQ(range("0-5"), "invalid port");
}

TEST(NginxAddress, OfAServerToPassTo) {
  EXPECT_EQ(passing("app:80/a?b"), "app:80 /a?b");
  EXPECT_EQ(passing("app"), "app:8080");
  EXPECT_EQ(passing("[::1]:5/x"), "[::1]:5 /x");
  EXPECT_EQ(passing("unix:/run/a.sock:/x"), "unix:/run/a.sock /x");
  EXPECT_EQ(passing("app:99999"), "invalid port");
  EXPECT_EQ(passing("/x"), "no host");
}

}  // namespace
}  // namespace tierce::config::nginx
