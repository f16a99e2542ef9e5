#include "tls/session.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>

#include "tls/test_certificate.h"

namespace tierce::tls {
namespace {

// A client of OpenSSL's own at the other end of a pair of sockets.
class SessionTest : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    server_ = os::UniqueFd(ends[0]);
    client_ = os::UniqueFd(ends[1]);
    const int bytes = 1;  // The kernel makes it its least, some 4 KiB.
    ASSERT_EQ(::setsockopt(server_.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes), 0);
    peer_context_ = SSL_CTX_new(TLS_client_method());
    peer_ = SSL_new(peer_context_);
    SSL_set_fd(peer_, client_.get());
    SSL_set_connect_state(peer_);
    session_.emplace(*Context::create(test_material()), server_.get(), "");
  }
  void TearDown() override {
    SSL_free(peer_);
    SSL_CTX_free(peer_context_);
  }

  void shake_hands() {
    for (int turn = 0; turn < 20; ++turn) {
      const int theirs = SSL_do_handshake(peer_);
      const Session::Handshake ours = session_->handshake();
      ASSERT_NE(ours, Session::Handshake::kFailed) << session_->trouble();
      if (theirs == 1 && ours == Session::Handshake::kDone && session_->flush().outcome == os::Io::kDone) return;
    }
    FAIL() << "no end of the handshake";
  }

  // What the client can read now.
  std::string read_by_client() {
    std::string all;
    char bytes[4096];
    for (;;) {
      const int got = SSL_read(peer_, bytes, sizeof bytes);
      if (got <= 0) {
        EXPECT_NE(SSL_get_error(peer_, got), SSL_ERROR_SSL) << openssl_errors();
        return all;
      }
      all.append(bytes, static_cast<std::size_t>(got));
    }
  }

  os::UniqueFd server_, client_;
  SSL_CTX* peer_context_ = nullptr;
  SSL* peer_ = nullptr;
  std::optional<Session> session_;
};

std::string noise(std::size_t bytes) {
  std::mt19937 random(7);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST_F(SessionTest, SendsThroughASocketThatTakesLittle) {
  shake_hands();
  const std::string data = noise(300'000);
  std::string got;
  std::size_t sent = 0;
  bool was_full = false;
  for (int turn = 0; turn < 10'000 && got.size() < data.size(); ++turn) {
    if (sent < data.size()) {
      const std::size_t now = std::min<std::size_t>(data.size() - sent, 1 + turn * 777 % 50'000);
      const iovec parts[] = {{const_cast<char*>(data.data()) + sent, now / 3},
                             {const_cast<char*>(data.data()) + sent + now / 3, now - now / 3}};
      const os::IoResult result = session_->send(parts);
      ASSERT_NE(result.outcome, os::Io::kClosed);
      was_full |= result.outcome == os::Io::kWouldBlock;
      sent += result.bytes;
    } else {
      ASSERT_NE(session_->flush().outcome, os::Io::kClosed);
    }
    got += read_by_client();
  }
  EXPECT_TRUE(was_full);
  EXPECT_EQ(got.size(), data.size());
  EXPECT_TRUE(got == data);
}

TEST_F(SessionTest, SendsAFile) {
  shake_hands();
  const std::string data = noise(100'000);
  const os::UniqueFd file = os::temporary_file("/tmp");
  ASSERT_TRUE(os::write_all(file.get(), data.data(), data.size()));
  std::uint64_t at = 10;
  std::string got;
  for (int turn = 0; turn < 1'000 && got.size() < data.size() - 10; ++turn) {
    const os::IoResult sent = session_->send_file(file.get(), &at, data.size());
    ASSERT_NE(sent.outcome, os::Io::kClosed);
    got += read_by_client();
  }
  EXPECT_TRUE(got == data.substr(10));
  EXPECT_EQ(at, data.size());
  ASSERT_EQ(session_->flush().outcome, os::Io::kDone);
  const os::IoResult behind = session_->send_file(file.get(), &at, 1);
  EXPECT_EQ(behind.outcome, os::Io::kDone);
  EXPECT_EQ(behind.bytes, 0u) << "the file has ended";
}

TEST_F(SessionTest, ReadsWhatHasComeAndSaysWhenNoMoreWill) {
  shake_hands();
  ASSERT_EQ(SSL_write(peer_, "hello", 5), 5);
  ASSERT_EQ(SSL_write(peer_, " world", 6), 6);
  char bytes[64];
  EXPECT_EQ(session_->receive(bytes, 3).bytes, 3u);
  EXPECT_EQ(session_->receive(bytes, sizeof bytes).bytes, 8u);
  EXPECT_EQ(std::string_view(bytes, 8), "lo world");
  EXPECT_EQ(session_->receive(bytes, sizeof bytes).outcome, os::Io::kWouldBlock);
  EXPECT_FALSE(session_->ended());
  ASSERT_EQ(SSL_write(peer_, "bye", 3), 3);
  SSL_shutdown(peer_);
  EXPECT_EQ(session_->receive(bytes, sizeof bytes).bytes, 3u);
  EXPECT_TRUE(session_->ended());
  EXPECT_EQ(session_->receive(bytes, sizeof bytes).outcome, os::Io::kClosed);
}

TEST_F(SessionTest, EndsAtWhatIsNoRecord) {
  shake_hands();
  ASSERT_EQ(::write(client_.get(), "GET / HTTP/1.1\r\n", 16), 16);
  char bytes[64];
  EXPECT_EQ(session_->receive(bytes, sizeof bytes).outcome, os::Io::kClosed);
  EXPECT_TRUE(session_->ended());
}

TEST_F(SessionTest, SaysTheEnd) {
  shake_hands();
  session_->close_notify();
  char byte;
  EXPECT_EQ(SSL_get_error(peer_, SSL_read(peer_, &byte, 1)), SSL_ERROR_ZERO_RETURN);
}

TEST_F(SessionTest, NoticesPlainHttp) {
  ASSERT_GT(::write(client_.get(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27), 0);
  EXPECT_EQ(session_->handshake(), Session::Handshake::kFailed);
  EXPECT_TRUE(session_->is_plain_http());
  char byte;
  EXPECT_EQ(::recv(client_.get(), &byte, 1, MSG_DONTWAIT), -1) << "no alert before the answer in plain text";
}

TEST_F(SessionTest, TakesBytesThatWereReadBefore) {
  SSL_do_handshake(peer_);
  char hello[2048];
  const ssize_t read = ::read(server_.get(), hello, 100);
  ASSERT_EQ(read, 100);
  session_.emplace(*Context::create(test_material()), server_.get(), std::string_view(hello, 100));
  shake_hands();
}

}  // namespace
}  // namespace tierce::tls
