// Both sides of a connection over a pair of sockets, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>
#include <string>

#include "os/unique_fd.h"
#include "tls/session.h"
#include "tls/test_certificate.h"

namespace tierce::tls {

class TestConnection {
 public:
  TestConnection(Arrival arrival, Departure departure) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
    server_fd = os::UniqueFd(ends[0]);
    client_fd = os::UniqueFd(ends[1]);
    server.emplace(std::move(arrival), server_fd.get(), "");
    client.emplace(std::move(departure), client_fd.get());
  }

  // Whether both sides have come to the end of it.
  bool shake_hands() {
    using Handshake = Session::Handshake;
    Handshake ours = Handshake::kWaitRead;
    Handshake theirs = Handshake::kWaitRead;
    const auto open = [](Handshake state) { return state == Handshake::kWaitRead || state == Handshake::kWaitWrite; };
    for (int turn = 0; turn < 20 && (open(ours) || open(theirs)); ++turn) {
      if (open(theirs)) theirs = client->handshake();
      if (open(ours)) ours = server->handshake();
    }
    if (theirs == Handshake::kDone && ours == Handshake::kDone) {
      // Sessions of TLS 1.3 come behind the handshake.
      char byte;
      EXPECT_EQ(client->receive(&byte, 1).outcome, os::Io::kWouldBlock);
    }
    return theirs == Handshake::kDone && ours == Handshake::kDone;
  }

  // What `to` reads of what `from` sends.
  static std::string carry(Session& from, Session& to, std::string_view text) {
    const iovec whole{const_cast<char*>(text.data()), text.size()};
    EXPECT_EQ(from.send({&whole, 1}).outcome, os::Io::kDone);
    std::string got(text.size() + 1, '\0');
    got.resize(to.receive(got.data(), got.size()).bytes);
    return got;
  }

  os::UniqueFd server_fd, client_fd;
  std::optional<Session> server, client;
};

inline std::shared_ptr<const ServerContext> context_of(const ServerMaterial& material) {
  auto made = ServerContext::create(material);
  EXPECT_TRUE(made) << made.error().text();
  return *made;
}
inline std::shared_ptr<const ClientContext> context_of(const ClientMaterial& material) {
  auto made = ClientContext::create(material);
  EXPECT_TRUE(made) << made.error().text();
  return *made;
}

}  // namespace tierce::tls
