// One connection of a client that speaks HTTP/1: its requests one after another, each served by a coroutine that reads
// top to bottom. Frees itself when it ends. What is needed during a request alone belongs to its exchange: most
// connections are idle, and their number is limited by what they hold.
#pragma once

#include <memory>
#include <string>

#include "edge/task.h"
#include "nginx/async.h"
#include "nginx/client.h"
#include "nginx/request.h"
#include "nginx/server_thread.h"
#include "nginx/signal.h"
#include "nginx/stream.h"

namespace tierce::nginx {

class Http1Connection final : public Client, public ThreadConnection {
 public:
  static void start(ServerThread& thread, const conf::Listener& listener, os::UniqueFd fd, const os::Peer& peer);

  void stop(bool at_once) override;
  bool is_incomplete() const override { return reads_head_ || !body_done_; }
  bool is_idle() const override { return rests && !stream_->has(kReadable); }
  void make_room() override { stop(true); }

  Input take_body(std::string_view* data) override;
  void begin_response(Request& request, const Response& response, bool has_body) override;
  void write(std::string_view bytes) override;
  void write_file(int file, std::uint64_t at, std::uint64_t bytes) override;
  void add_trailer(std::string_view name, std::string_view value) override;
  void end_response() override;
  void cut_response() override;
  Flow flush() override;
  Flow flush(std::uint64_t most, std::uint64_t* went) override;
  std::size_t held() const override {
    return exchange_ != nullptr ? exchange_->out.size() + exchange_->progress.file_left : 0;
  }
  std::uint64_t bytes_sent() const override { return exchange_->progress.sent; }
  std::uint64_t body_bytes_sent() const override {
    const Http1Progress& at = exchange_->progress;
    return at.sent > at.head_bytes ? at.sent - at.head_bytes : 0;
  }
  void arm(std::chrono::milliseconds after) override { stream_->arm(after); }
  const Peer& peer() const override { return peer_; }
  tls::Session* tls() const override { return tls_; }
  std::uint32_t requests() const override { return requests_; }
  int socket() const override { return stream_->fd(); }
  bool pipelined() const override { return pipelined_; }

  bool half_closed() const override { return stream_->peer_ended() || ended_; }
  void say_continue(Request& request) override;
  Stream* raw_stream() override { return stream_.get(); }
  std::string_view early_bytes() override;
  void add_sent(std::uint64_t bytes) override { exchange_->progress.sent += bytes; }

 private:
  Http1Connection(ServerThread& thread, const conf::Listener& listener, os::UniqueFd fd, const os::Peer& peer);
  ~Http1Connection() override;
  void destroy() { delete this; }
  void find_local_address(const conf::Listener** listener);

  edge::Task converse();
  Async<bool> read_proxy_header();
  Async<bool> shake_hands();
  // kLate, kCut: a part of a head has come, and no more.
  enum class HeadRead : std::uint8_t { kDone, kRefused, kEnded, kHttp2, kLate, kCut };
  Async<HeadRead> read_head();
  int prepare_request();
  bool speaks_http2_in_plain() const;
  // The connection goes on as another one; this one ends.
  void become_http2();
  // Reads and drops what is left of a body nobody has asked for. False: the connection cannot go on.
  Async<bool> discard_body();
  Async<void> linger();
  bool read_some(std::size_t least);
  void reset_if_timed_out();
  void log_request();
  Flow send_pending(std::uint64_t most, std::uint64_t* went);

  static constexpr std::size_t kReadBytes = 4096;

  ServerThread& thread_;
  Loop& loop_;
  const conf::Listener* listener_;
  Signal signal_;
  std::unique_ptr<Stream> stream_;
  tls::Session* tls_ = nullptr;
  std::unique_ptr<PooledExchange> exchange_;  // From the first byte of a request to the end of its answer.
  RequestPool::Handle request_;
  Peer peer_;
  std::uint32_t requests_ = 0;
  bool stopping_ = false;
  bool pipelined_ = false;
  bool reads_head_ = false;
  bool delays_ = false;  // tcp_nodelay off
  bool ended_ = false;   // Nothing more can be read.
  bool body_done_ = true;
};

}  // namespace tierce::nginx
