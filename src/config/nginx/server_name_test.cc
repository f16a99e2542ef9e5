#include "config/nginx/server_name.h"

#include <gtest/gtest.h>

namespace tierce::config::nginx {
namespace {

std::string chosen(std::vector<std::string> names, std::string_view host) {
  ServerNames servers;
  for (std::size_t i = 0; i < names.size(); ++i) servers.add(parse_server_name(names[i]).value(), i);
  const auto found = servers.find(host);
  return found ? names[*found] : "default";
}

TEST(NginxServerName, ExactBeforeStarsBeforeExpressions) {
  const std::vector<std::string> names = {"~^www\\.", "www.example.*", "*.example.com", "www.example.com",
                                          "*.www.example.com"};
  EXPECT_EQ(chosen(names, "www.example.com"), "www.example.com");
  EXPECT_EQ(chosen(names, "a.example.com"), "*.example.com");
  EXPECT_EQ(chosen(names, "a.www.example.com"), "*.www.example.com") << "the longest";
  EXPECT_EQ(chosen(names, "www.example.org"), "www.example.*");
  EXPECT_EQ(chosen(names, "www.example.co.uk"), "www.example.*");
  EXPECT_EQ(chosen(names, "www.other.org"), "~^www\\.");
  EXPECT_EQ(chosen(names, "example.com"), "default");
  EXPECT_EQ(chosen({".example.com"}, "example.com"), ".example.com");
  EXPECT_EQ(chosen({".example.com"}, "a.b.example.com"), ".example.com");
  EXPECT_EQ(chosen({"a.example.*", "a.*"}, "a.example.com"), "a.example.*");
  EXPECT_EQ(chosen({"~^b", "~^(?<first>b)c"}, "bc"), "~^b") << "in their order";
  EXPECT_EQ(chosen({"a"}, ""), "default");
  EXPECT_EQ(chosen({""}, ""), "");
}

TEST(NginxServerName, RefusesInNginxsWords) {
  for (const char* name : {"*", "*.", "*a.b", "."})
    EXPECT_EQ(parse_server_name(name).error().text(), std::string("server name \"") + name + "\" is invalid");
  EXPECT_EQ(parse_server_name("~").error().text(), "empty regex in server name \"~\"");
}

TEST(NginxServerName, HostsAreComparedWithoutPortAndDot) {
  EXPECT_EQ(normal_host("Example.COM:80"), "example.com");
  EXPECT_EQ(normal_host("example.com."), "example.com");
  EXPECT_EQ(normal_host("[::1]:80"), "[::1]");
  EXPECT_EQ(normal_host("a..b"), std::nullopt);
  EXPECT_EQ(normal_host("a/b"), std::nullopt);
  EXPECT_EQ(normal_host(":80"), std::nullopt);
}

}  // namespace
}  // namespace tierce::config::nginx
