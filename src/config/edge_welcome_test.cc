#include "config/edge_welcome.h"

#include <gtest/gtest.h>

namespace tierce::config {
namespace {

EdgeWelcome some() {
  EdgeWelcome welcome;
  welcome.settings.fields_max = 7;
  welcome.settings.request_timeout = std::chrono::milliseconds(1234);
  welcome.settings.forwarded_allow_ips = {"10.0.0.0/8", ""};
  welcome.settings.secure_scheme_headers = {{"x-a", "b"}};
  welcome.settings.access_log_format = "%(h)s";
  welcome.settings.uwsgi_line = {.used = true, .format = "%(uri)", .encoders = {"json"}};
  welcome.settings.logged.all = false;
  welcome.settings.log_level = os::LogLevel::kError;
  welcome.listeners = {{.is_unix = true, .name = "/run/x", .protocol = WireProtocol::kUwsgi, .address = "unix:/run/x"},
                       {.name = "127.0.0.1", .port = 80, .worker_number = 1, .address = "127.0.0.1:80"}};
  welcome.id_base = 0x1122334455667788;
  welcome.port = 3;
  welcome.ports = 9;
  return welcome;
}

TEST(EdgeWelcome, ComesOutAsItWentIn) {
  const std::string packed = some().pack();
  const auto again = EdgeWelcome::unpack(packed);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->pack(), packed);
  EXPECT_EQ(again->settings.fields_max, 7u);
  EXPECT_EQ(again->settings.request_timeout.count(), 1234);
  EXPECT_EQ(again->settings.forwarded_allow_ips, (std::vector<std::string>{"10.0.0.0/8", ""}));
  EXPECT_EQ(again->settings.uwsgi_line.encoders, std::vector<std::string>{"json"});
  EXPECT_FALSE(again->settings.logged.all);
  EXPECT_EQ(again->listeners[1].address, "127.0.0.1:80");
  EXPECT_EQ(again->listeners[1].worker_number, 1);
  EXPECT_EQ(again->id_base, 0x1122334455667788u);
  EXPECT_EQ(again->ports, 9u);
}

TEST(EdgeWelcome, RefusesWhatIsCutOrHasMore) {
  const std::string packed = some().pack();
  for (std::size_t bytes = 0; bytes < packed.size(); ++bytes)
    EXPECT_FALSE(EdgeWelcome::unpack(packed.substr(0, bytes)));
  EXPECT_FALSE(EdgeWelcome::unpack(packed + "x"));
}

TEST(EdgeWelcome, SaysWhatKeepsAnApplicationsEdgeInTheWay) {
  EdgeSettings settings;
  EXPECT_EQ(why_not_shared(settings), "");
  settings.files.maps.push_back({});
  EXPECT_NE(why_not_shared(settings), "");
}

}  // namespace
}  // namespace tierce::config
