// One connection of a client that speaks HTTP/2. Each of its streams is a request with a coroutine and a signal of its
// own; the connection's coroutine moves bytes between the socket and the session (http2/server_session.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "edge/task.h"
#include "http2/server_session.h"
#include "nginx/async.h"
#include "nginx/client.h"
#include "nginx/request.h"
#include "nginx/server_thread.h"
#include "nginx/signal.h"
#include "nginx/stream.h"

namespace tierce::nginx {

class Http2Stream;

class Http2Connection final : public ThreadConnection, private http2::Owner {
 public:
  // Takes over a connection that began as another one; `early` are bytes that were read from it already.
  static void adopt(ServerThread& thread, const conf::Listener& listener, std::unique_ptr<Stream> stream,
                    tls::Session* tls, const Peer& peer, std::string_view early);

  void stop(bool at_once) override;
  bool is_incomplete() const override;
  bool is_idle() const override { return rests && !stopping_ && !stream_->has(kReadable); }
  void make_room() override { stop(false); }

  // --- for its streams ---
  http2::ServerSession& session() { return session_; }
  // There is something to send: at the end of this turn of the loop, when no stream is in the middle of anything.
  void wants_output();
  ServerThread& thread() { return thread_; }
  const conf::Listener& listener() const { return listener_; }
  const Peer& peer() const { return peer_; }
  tls::Session* tls() const { return tls_; }
  int socket() const { return stream_->fd(); }
  bool stopping() const { return stopping_; }
  void stream_began(Http2Stream& stream);
  // All that it wrote was taken; it is told when the session has nothing more to take for now.
  void stream_drained(Http2Stream& stream);
  void stream_freed(Http2Stream& stream);

 private:
  Http2Connection(ServerThread& thread, const conf::Listener& listener, std::unique_ptr<Stream> stream,
                  tls::Session* tls, const Peer& peer);
  ~Http2Connection() override;

  edge::Task converse(std::string early);
  void unlink(Http2Stream& stream);
  void tell_drained();
  bool read();
  enum class Sent : std::uint8_t { kAll, kBlocked, kGone };
  Sent send();

  void on_request(http2::StreamId id, const http2::HeaderList& head, bool body_follows) override;
  void on_body(http2::StreamId id, std::string_view data) override;
  void on_body_end(http2::StreamId id) override;
  void on_end(http2::StreamId id, http2::Ending ending) override;

  ServerThread& thread_;
  Loop& loop_;
  const conf::Listener& listener_;
  Signal signal_;
  std::unique_ptr<Stream> stream_;
  tls::Session* tls_;
  Peer peer_;
  http2::Limits limits_;
  http2::ServerSession session_;
  std::string out_;
  std::size_t out_sent_ = 0;
  std::uint64_t sent_bytes_ = 0;
  bool stopping_ = false;
  bool output_asked_ = false;
  Http2Stream* streams_ = nullptr;     // That the session knows.
  std::vector<Http2Stream*> drained_;  // To be told; nullptr: has ended since.
  std::size_t waiting_for_ = 0;        // Streams that have not been freed.
  bool over_ = false;                  // The coroutine has ended.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tierce::nginx
