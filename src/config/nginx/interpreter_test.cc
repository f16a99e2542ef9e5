#include "config/nginx/interpreter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace tierce::config::nginx {
namespace {

using std::chrono::seconds;

Result<Interpretation> made_of(const std::string& text) {
  const Surroundings around{.read = [&text](const std::string&) -> Result<std::string> { return text; },
                            .glob = [](const std::string&) { return std::vector<std::string>(); }};
  return interpret(read_as_far_as_possible({.path = "/n/nginx.conf", .globals = ""}, around));
}

// What stands within http {}.
Model model_of(const std::string& http) {
  auto made = made_of("events {} http {" + http + "}");
  EXPECT_TRUE(made) << made.error().text();
  return made ? std::move(made->model) : Model();
}
const Location& location_of(const Model& model, std::size_t index = 0) {
  return *model.servers.at(0)->root.locations.at(index);
}
std::vector<std::string> names(const std::vector<NamedText>& texts) {
  std::vector<std::string> out;
  for (const NamedText& text : texts) out.push_back(text.name);
  return out;
}

TEST(NginxInterpreter, InnerBlocksInheritWhatTheyDoNotSay) {
  const Model model = model_of(
      "client_max_body_size 5m; send_timeout 7; server { root /a; send_timeout 8; location /x { location /x/y {} } "
      "location /z { client_max_body_size 0; alias /b/; } }");
  const LocationSettings& inner = location_of(model).locations.at(0)->settings;
  EXPECT_EQ(inner.client_max_body_size->bytes, 5 << 20);
  EXPECT_EQ(*inner.send_timeout, seconds(8));
  EXPECT_EQ(inner.root->path.written, "/a");
  const LocationSettings& other = location_of(model, 1).settings;
  EXPECT_EQ(other.client_max_body_size->bytes, 0);
  EXPECT_TRUE(other.root->alias);
}

TEST(NginxInterpreter, ListsAreInheritedOnlyWhereTheInnerLevelHasNone) {
  const Model model = model_of(
      "add_header A 1; add_header B 2; access_log one; server { location /x {} location /y { add_header C 3; "
      "access_log off; } "
      "location /z { proxy_set_header H h; if ($uri) { add_header D 4; } } }");
  EXPECT_THAT(names(location_of(model).settings.add_headers), testing::ElementsAre("A", "B"));
  EXPECT_THAT(names(location_of(model, 1).settings.add_headers), testing::ElementsAre("C"));
  EXPECT_EQ(location_of(model).settings.access_logs->size(), 1u);
  EXPECT_TRUE(location_of(model, 1).settings.access_logs->empty()) << "off is said";
  const auto& branch = std::get<If>(location_of(model, 2).instructions.at(0));
  EXPECT_THAT(names(branch.inside->settings.add_headers), testing::ElementsAre("D"));
  EXPECT_THAT(names(branch.inside->settings.proxy.passing.set), testing::ElementsAre("H"));
}

TEST(NginxInterpreter, HandingOnIsInheritedByIfAndLimitExceptAlone) {
  const Model model = model_of(
      "server { location /x { proxy_pass http://127.0.0.1:1/a; if ($uri) {} limit_except GET { deny all; } location "
      "/x/y {} } }");
  const Location& location = location_of(model);
  EXPECT_TRUE(passes_on(location));
  EXPECT_EQ(location.settings.proxy.passing.pass->uri, "/a");
  EXPECT_TRUE(passes_on(*std::get<If>(location.instructions.at(0)).inside));
  EXPECT_TRUE(location.limit_except->settings.proxy.passing.pass);
  EXPECT_FALSE(passes_on(*location.locations.at(0)));
}

TEST(NginxInterpreter, WhatNobodySaysHasNginxsValue) {
  const Model model = model_of("server { location / {} }");
  const LocationSettings& settings = location_of(model).settings;
  EXPECT_EQ(settings.client_max_body_size->bytes, 1 << 20);
  EXPECT_EQ(settings.keepalive_timeout->time, seconds(75));
  EXPECT_EQ(*settings.default_type, "text/plain");
  EXPECT_EQ(settings.index.at(0).written, "index.html");
  EXPECT_EQ(settings.proxy.passing.buffers->count, 8);
  const ServerSettings& server = model.servers.at(0)->settings;
  EXPECT_EQ(server.large_client_header_buffers->bytes, 8 << 10);
  EXPECT_TRUE(*server.merge_slashes);
  EXPECT_EQ(model.servers.at(0)->listens.size(), 1u);
}

TEST(NginxInterpreter, ServersInheritTlsFromHttp) {
  const Model model = model_of("ssl_protocols TLSv1.3; server { ssl_session_timeout 1h; }");
  const TlsServerSettings& tls = model.servers.at(0)->settings.tls;
  EXPECT_THAT(tls.protocols, testing::ElementsAre("TLSv1.3"));
  EXPECT_EQ(*tls.session_timeout, seconds(3600));
}

TEST(NginxInterpreter, SaysTheFirstErrorOfTheFile) {
  const auto refused = [](const std::string& text) { return made_of(text).error().text(); };
  EXPECT_EQ(refused("events {}\nhttp {\n server {\n return abc;\n nothing_like_this;\n"),
            "invalid return code \"abc\" in /n/nginx.conf:4");
  EXPECT_EQ(refused("events {}\nhttp {\n perl_set $a b;\n}"),
            "\"perl_set\" directive is one of nginx that tierce does not have yet in /n/nginx.conf:3");
}

TEST(NginxInterpreter, GoesOnBehindErrorsWhenAsked) {
  const std::string text =
      "events {}\nhttp {\n srver { listen 1; inner { a b; } }\n server {\n  listen abc:x;\n  root /a;\n  location / {\n"
      "   return 999x;\n   index a $nobody;\n  }\n }\n gzip maybe;\n}\nlisten 80;\n";
  const Surroundings around{.read = [&text](const std::string&) -> Result<std::string> { return text; },
                            .glob = [](const std::string&) { return std::vector<std::string>(); }};
  std::vector<Error> errors;
  const auto reading = read_as_far_as_possible({.path = "/n.conf", .globals = "", .go_on = true}, around);
  const Interpretation made = interpret_as_far_as_possible(reading, errors);
  std::vector<std::string> lines;
  for (const Error& error : errors) lines.push_back(error.text().substr(error.text().rfind(':') + 1));
  std::sort(lines.begin(), lines.end());
  EXPECT_THAT(lines, testing::ElementsAre("12", "14", "3", "5", "8", "9"));
  EXPECT_EQ(made.model.servers.at(0)->root.settings.root->path.written, "/a");
}

TEST(NginxInterpreter, SslOnNeedsACertificateAndSaysWhereItStands) {
  const auto refused = [](const std::string& http) {
    return made_of("events {}\nhttp {\n" + http + "}").error().text();
  };
  EXPECT_EQ(refused("ssl off;\nserver {\n ssl on;\n}\n"),
            "no \"ssl_certificate\" is defined for the \"ssl\" directive in /n/nginx.conf:5");
  EXPECT_EQ(refused("ssl on;\nserver { ssl off; }\nserver {}\n"),
            "no \"ssl_certificate\" is defined for the \"ssl\" directive in /n/nginx.conf:3");
}

TEST(NginxInterpreter, HostsAreAskedForOnceHoweverOftenAReadingIsInterpreted) {
  const std::string text = "events {}\nhttp { set_real_ip_from proxy.lan; }\n";
  int asked = 0;
  const Surroundings around{.read = [&text](const std::string&) -> Result<std::string> { return text; },
                            .glob = {},
                            .addresses =
                                [&asked](const std::string& host) {
                                  return std::vector<std::string>{host, std::to_string(++asked)};
                                }};
  const Reading reading = read_as_far_as_possible({.path = "/n.conf", .globals = ""}, around);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(interpret(reading));
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(reading.hosts->of("proxy.lan"), testing::ElementsAre("proxy.lan", "1"));
}

TEST(NginxInterpreter, AHostWithoutAnAddressIsRefusedWhereSomebodyCanBeAsked) {
  const std::string text = "events {}\nhttp {\n set_real_ip_from proxy.lan;\n}\n";
  Surroundings around{.read = [&text](const std::string&) -> Result<std::string> { return text; }, .glob = {}};
  const Start start{.path = "/n.conf", .globals = ""};
  EXPECT_TRUE(interpret(read_as_far_as_possible(start, around)));
  around.addresses = [](const std::string&) { return std::vector<std::string>(); };
  const auto made = interpret(read_as_far_as_possible(start, around));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().text(), "host not found in set_real_ip_from \"proxy.lan\" in /n.conf:3");
}

}  // namespace
}  // namespace tierce::config::nginx
