// The client of a request whose answer nobody gets.
#pragma once

#include "nginx/client.h"

namespace tierce::nginx {

class Nobody : public Client {
 public:
  Input take_body(std::string_view*) override { return Input::kEnd; }
  void begin_response(Request&, const Response&, bool) override {}
  void write(std::string_view) override {}
  void write_file(int, std::uint64_t, std::uint64_t) override {}
  void add_trailer(std::string_view, std::string_view) override {}
  void end_response() override {}
  void cut_response() override {}
  Flow flush() override { return Flow::kDone; }
  Flow flush(std::uint64_t, std::uint64_t* went) override {
    *went = 0;
    return Flow::kDone;
  }
  std::size_t held() const override { return 0; }
  std::uint64_t bytes_sent() const override { return 0; }
  std::uint64_t body_bytes_sent() const override { return 0; }
  void arm(std::chrono::milliseconds) override {}
  const Peer& peer() const override { return peer_; }
  tls::Session* tls() const override { return nullptr; }
  std::uint32_t requests() const override { return 1; }
  int socket() const override { return -1; }

 private:
  Peer peer_;
};

}  // namespace tierce::nginx
