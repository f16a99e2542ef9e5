// One connection to a control server: requests one after the other, each answered at once, when something has
// happened, or without an end (a log that is followed).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/chunked_decoder.h"
#include "http/request_parser.h"
#include "os/callback_loop.h"
#include "os/unique_fd.h"
#include "supervisord/rpc_methods.h"

namespace tierce::supervisord {

class ControlConnection {
 public:
  ControlConnection(Server& server, os::CallbackLoop& loop, const conf::HttpServerSettings& settings, os::UniqueFd fd);
  ~ControlConnection();
  ControlConnection(const ControlConnection&) = delete;
  ControlConnection& operator=(const ControlConnection&) = delete;

  void tick(TimePoint now);
  TimePoint deadline() const;
  bool done() const { return !fd_; }
  // Somebody with the right password waits for an answer, or follows a log.
  bool at_work() const { return pending_ || !out_.empty() || !followed_.empty(); }

 private:
  struct Request {
    std::string method;
    std::string path;   // Decoded.
    std::string query;  // Raw.
    std::string authorization;
    std::string host;
    std::string origin;
    std::string fetch_site;
    bool keep_alive = true;
    bool http11 = true;
    std::string body;
  };
  enum class Reading : std::uint8_t { kHead, kBody, kNothing };

  void on_ready();
  void read_more();
  void read_requests();
  bool read_head();
  bool read_body();
  void refuse(int status);
  void handle();
  bool authorized() const;
  bool from_elsewhere() const;
  void handle_rpc();
  void handle_tail(const std::string& path);
  void answer(int status, std::string_view type, std::string_view body, std::string_view more_fields = {});
  void follow(const std::string& path);
  void send_growth();
  void flush();
  void close();
  void update_interest();

  Server& server_;
  os::CallbackLoop& loop_;
  const conf::HttpServerSettings& settings_;
  os::UniqueFd fd_;
  http::HeadLimits limits_;
  std::vector<http::HeaderField> fields_;
  http::RequestParser parser_;
  http::ChunkedDecoder chunks_;
  std::string in_;
  std::string out_;
  Reading reading_ = Reading::kHead;
  bool chunked_body_ = false;
  std::uint64_t body_left_ = 0;
  Request request_;
  Pending pending_;
  std::string followed_;  // Path of the log that is followed.
  std::int64_t followed_size_ = -1;
  bool close_after_ = false;
  bool peer_done_ = false;
  TimePoint idle_since_;
};

}  // namespace tierce::supervisord
