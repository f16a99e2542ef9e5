#include "os/listen_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tierce::os {
namespace {

class ListenSocketTest : public testing::Test {
 protected:
  ListenSocketTest() {
    char name[] = "/tmp/tierce-listen-XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~ListenSocketTest() override { std::filesystem::remove_all(directory_); }
  Endpoint unix_endpoint() const { return {.kind = Endpoint::Kind::kUnix, .host = directory_ + "/app.sock"}; }

  std::string directory_;
};

TEST(ParseEndpoint, ReadsEveryFormOfGunicorn) {
  struct Case {
    std::string_view text;
    std::string_view want;
  };
  const Case cases[] = {{"127.0.0.1:9000", "127.0.0.1:9000"},
                        {":9000", ":9000"},
                        {"localhost", "localhost:8000"},
                        {"[::1]:9000", "[::1]:9000"},
                        {"[::]", "[::]:8000"},
                        {"tcp://127.0.0.1:0", "127.0.0.1:0"},
                        {"unix:/run/app.sock", "unix:/run/app.sock"},
                        {"unix:///run/app.sock", "unix:/run/app.sock"},
                        {"fd://3", "fd://3"}};
  for (const Case& c : cases) {
    const auto got = parse_endpoint(c.text);
    ASSERT_TRUE(got.has_value()) << c.text;
    EXPECT_EQ(got->text(), c.want) << c.text;
  }
}

TEST(ParseEndpoint, RefusesWhatNamesNoAddress) {
  for (const std::string_view text : {"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x", "::1:80",
                                      "[::1", "[::1]80", "unix:", "fd://", "fd://x"}) {
    EXPECT_FALSE(parse_endpoint(text).has_value()) << text;
  }
}

TEST_F(ListenSocketTest, TellsThePortTheKernelChose) {
  const auto socket = open_listen_socket({.host = "127.0.0.1"}, 16);
  ASSERT_TRUE(socket.has_value()) << socket.error().text();
  EXPECT_EQ(socket->host, "127.0.0.1");
  EXPECT_NE(socket->port, 0);
}

TEST_F(ListenSocketTest, BindsANameToItsIpv4Address) {
  const auto socket = open_listen_socket({.host = "localhost"}, 16);
  ASSERT_TRUE(socket.has_value()) << socket.error().text();
  EXPECT_EQ(socket->host, "127.0.0.1");
}

TEST_F(ListenSocketTest, NamesTheAddressThatIsInUse) {
  const auto first = open_listen_socket({.host = "127.0.0.1"}, 16);
  ASSERT_TRUE(first.has_value());
  const auto second = open_listen_socket({.host = "127.0.0.1", .port = first->port}, 16);
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().text().find("bind 127.0.0.1:" + std::to_string(first->port)), std::string::npos);
}

TEST_F(ListenSocketTest, ReplacesAUnixSocketThatNobodyAnswersOn) {
  ASSERT_TRUE(open_listen_socket(unix_endpoint(), 16).has_value());  // Closed at once, its file stays.
  const auto socket = open_listen_socket(unix_endpoint(), 16);
  ASSERT_TRUE(socket.has_value()) << socket.error().text();
  EXPECT_EQ(socket->unlink_at_exit, unix_endpoint().host);
}

TEST_F(ListenSocketTest, LeavesAUnixSocketAloneThatSomebodyAnswersOn) {
  const auto first = open_listen_socket(unix_endpoint(), 16);
  ASSERT_TRUE(first.has_value());
  const auto second = open_listen_socket(unix_endpoint(), 16);
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().text().find(unix_endpoint().host), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(unix_endpoint().host));
}

TEST_F(ListenSocketTest, LeavesAFileAloneThatIsNotASocket) {
  std::ofstream(unix_endpoint().host) << "mine";
  EXPECT_FALSE(open_listen_socket(unix_endpoint(), 16).has_value());
  EXPECT_EQ(std::filesystem::file_size(unix_endpoint().host), 4u);
}

TEST_F(ListenSocketTest, AdoptsOnlyDescriptorsThatListen) {
  const UniqueFd plain(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_FALSE(open_listen_socket({.kind = Endpoint::Kind::kInherited, .fd = plain.get()}, 16).has_value());
}

TEST_F(ListenSocketTest, TakesNoSocketsMeantForAnotherProcess) {
  ::setenv("LISTEN_FDS", "1", 1);
  ::setenv("LISTEN_PID", "1", 1);
  const auto sockets = take_activated_sockets();
  ASSERT_TRUE(sockets.has_value());
  EXPECT_TRUE(sockets->empty());
  EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr) << "the application must not take them either";
}

}  // namespace
}  // namespace tierce::os
