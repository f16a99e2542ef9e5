// One request over HTTP/2, from its head to the end of its answer. Frees itself when both the request's coroutine and
// the stream have ended.
#pragma once

#include <memory>
#include <string>

#include "edge/buffer.h"
#include "edge/task.h"
#include "http2/server_session.h"
#include "nginx/client.h"
#include "nginx/http2_connection.h"

namespace tierce::nginx {

class Http2Stream final : public Client, private http2::BodySource {
 public:
  static void start(Http2Connection& connection, http2::StreamId id, const http2::HeaderList& head, bool body_follows);

  // --- from the session ---
  void add_body(std::string_view data);
  void end_body();
  void end(http2::Ending ending);
  // The session has taken all that was written.
  void drained() { signal_.raise(kWritable); }

  // All of the request has come.
  bool is_whole() const { return body_ended_; }

  // Its connection's books.
  Http2Stream* next = nullptr;
  Http2Stream* previous = nullptr;
  bool drained_said = false;

  // --- Client ---
  Input take_body(std::string_view* data) override;
  void say_continue(Request& request) override;
  void begin_response(Request& request, const Response& response, bool has_body) override;
  void write(std::string_view bytes) override { out_.append(bytes); }
  void write_file(int file, std::uint64_t at, std::uint64_t bytes) override;
  void add_trailer(std::string_view name, std::string_view value) override;
  void end_response() override;
  void cut_response() override;
  Flow flush() override;
  Flow flush(std::uint64_t most, std::uint64_t* went) override;
  std::size_t held() const override { return out_.size() + file_left_; }
  std::uint64_t bytes_sent() const override { return sent_; }
  std::uint64_t body_bytes_sent() const override { return sent_; }
  void arm(std::chrono::milliseconds after) override;
  const Peer& peer() const override { return connection_.peer(); }
  tls::Session* tls() const override { return connection_.tls(); }
  bool is_http2() const override { return true; }
  int socket() const override { return connection_.socket(); }
  std::uint32_t requests() const override { return static_cast<std::uint32_t>(connection_.session().requests()); }

 private:
  Http2Stream(Http2Connection& connection, http2::StreamId id);
  ~Http2Stream() override;
  edge::Task serve_it(bool bad, bool too_large);
  int prepare(bool bad, bool too_large);
  Piece read(http2::StreamId stream, char* into, std::size_t bytes) override;

  Http2Connection& connection_;
  http2::StreamId id_;
  Signal signal_;
  std::unique_ptr<PooledExchange> exchange_;
  RequestPool::Handle request_;
  Timer timer_;
  std::string body_;  // Of the request; what has not been taken yet.
  std::size_t body_given_ = 0;
  bool body_ended_ = false;
  edge::Buffer out_;
  int file_ = -1;
  std::uint64_t file_at_ = 0, file_left_ = 0;
  std::uint64_t allowed_ = ~std::uint64_t{0};  // By limit_rate.
  std::uint64_t sent_ = 0;
  bool begun_ = false, response_ended_ = false, cut_ = false;
  bool gone_ = false;      // The session knows the stream no more.
  bool finished_ = false;  // The request has been served and logged.
};

}  // namespace tierce::nginx
