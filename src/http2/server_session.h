// The server's side of one HTTP/2 connection (RFC 9113), through nghttp2: bytes of the client in, events out; answers
// in, bytes for the client out. No sockets, no clock, no threads of its own. Memory is bounded whatever the client
// sends and however little it reads:
//   heads      limits().head_bytes_max each, for streams_max requests at a time
//   bodies     preread_bytes of each request, 65535 at least, that the owner has not consumed
//   output     what take_output() is asked for; the body of an answer is pulled when there is room
//   control    more unsent acknowledgements and resets than a client has reason for end the connection
// Streams that break the protocol are reset and connections that do are ended by a GOAWAY, without the owner's help.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http2/header_list.h"

struct nghttp2_session;

namespace tierce::http2 {

using StreamId = std::int32_t;

struct Limits {
  std::uint32_t streams_max = 128;      // http2_max_concurrent_streams
  std::uint32_t preread_bytes = 65536;  // http2_body_preread_size
  std::size_t head_bytes_max = 32768;   // large_client_header_buffers; 32 bytes more a field are counted.
};

// What a stream has ended with.
enum class Ending : std::uint8_t { kComplete, kResetByClient, kResetByUs };

// Gives the body of an answer, piece by piece, when the client has room for it.
class BodySource {
 public:
  enum class State : std::uint8_t {
    kMore,   // There may be more; with no bytes at all it is an error.
    kLater,  // Nothing now: ServerSession::resume() says when. bytes == 0.
    kEnd,    // These are the last.
    kFailed  // The answer cannot be completed: the stream is reset.
  };
  struct Piece {
    std::size_t bytes = 0;
    State state = State::kEnd;
  };
  virtual ~BodySource() = default;
  // Up to `bytes` into `into`.
  virtual Piece read(StreamId stream, char* into, std::size_t bytes) = 0;
};

// Whoever owns the session. The calls come from within feed(), take_output() and reset(); from them everything of
// the session may be called but feed(), take_output() and its destructor.
class Owner {
 public:
  virtual ~Owner() = default;
  // A request's head is complete. `head` is good until on_end. With a problem it is answered with a page.
  virtual void on_request(StreamId stream, const HeaderList& head, bool body_follows) = 0;
  // `data` is good for the call. consume() says when its place is free again.
  virtual void on_body(StreamId stream, std::string_view data) = 0;
  // The whole body has come.
  virtual void on_body_end(StreamId stream) = 0;
  // The stream is no more: context() still knows it, and its id is not to be used after. Once for each on_request.
  virtual void on_end(StreamId stream, Ending ending) = 0;
};

class ServerSession {
 public:
  using Field = HeaderList::Field;

  // Both outlive the session. The first output is there at once: our settings.
  ServerSession(Owner& owner, const Limits& limits);
  // Streams that are open end without an event.
  ~ServerSession();
  ServerSession(const ServerSession&) = delete;
  ServerSession& operator=(const ServerSession&) = delete;

  // Bytes of the client, the preface first. False: no more are wanted, and the connection ends when the output is
  // taken; why() says why.
  bool feed(std::string_view bytes);
  // Adds to `into` until it holds `bytes_max` or more (at most by one frame), or there is nothing to say. Returns what
  // was added. Call it only when what it gave before was sent: then a client that does not read costs no more.
  std::size_t take_output(std::string& into, std::size_t bytes_max);
  bool has_output() const;
  // Nothing will come and nothing will go any more: close the connection.
  bool is_finished() const;
  // "": the client has broken no rule.
  const std::string& why() const { return why_; }

  // Requests that have no on_end yet: 0 is an idle connection, of which keepalive_timeout is the time.
  std::size_t streams() const { return announced_; }
  std::uint64_t requests() const { return requests_; }

  // The owner's own word for a stream; null at first, and of an unknown stream.
  void set_context(StreamId stream, void* context);
  void* context(StreamId stream) const;

  // 100 to 199 but 101.
  void inform(StreamId stream, int status, std::span<const Field> fields);
  // The head of the answer. Names become lower case; fields that are about one connection are left out (RFC 9113
  // 8.2.2). `body` null: none. It is to live until on_end. Once for each stream; unknown streams are passed over, as by
  // all of these.
  void respond(StreamId stream, int status, std::span<const Field> fields, BodySource* body);
  // What follows the body. Before its source says kEnd.
  void set_trailers(StreamId stream, std::span<const Field> fields);
  // A source that said kLater has something.
  void resume(StreamId stream);
  // The window of a stream opens by so many bytes of on_body.
  void consume(StreamId stream, std::size_t bytes);
  // ... and is as large as that from now on, for a body that is read as it comes.
  void widen(StreamId stream, std::uint32_t bytes);
  // Not answered, or not to the end.
  void reset(StreamId stream);

  // Requests that were answered before their bodies had come. The client is told to stop (RFC 9113 8.1) when it sends
  // more, or by the second function; not in one breath with the answer, which some clients then take for a failure.
  std::size_t unread_bodies() const { return unread_; }
  void stop_unread_bodies();

  // No new requests: says so, waits until the client must have heard of it, then takes none. What was begun goes on;
  // the session is finished with the last of it.
  void begin_shutdown();
  // The second half at once, for a client that does not answer.
  void finish_shutdown();

 private:
  friend struct Callbacks;
  struct Stream;
  struct Free {
    void operator()(nghttp2_session* session) const;
  };
  Stream* find(StreamId stream) const;
  void begin_stream(StreamId id);
  void end_stream(Stream& ended, Ending ending);
  void head_came(Stream& stream, bool body_follows);
  void answered_unread(Stream& stream);
  void stop_body(Stream& stream);
  bool is_bomb() const;
  void break_off(std::string why);
  bool is_flood() const;

  Owner& owner_;
  const Limits& limits_;
  std::unique_ptr<nghttp2_session, Free> session_;
  std::vector<std::unique_ptr<Stream>> live_;
  std::vector<std::unique_ptr<Stream>> spare_;
  std::string why_;
  std::uint64_t requests_ = 0;
  std::size_t announced_ = 0;  // Of live_; the others are heads that have not come whole.
  // nginx's measure of a flood: bytes that carried something against all that came.
  std::uint64_t bytes_total_ = 0;
  std::uint64_t bytes_useful_ = 0;
  std::uint64_t faults_ = 0;  // Streams that were reset for what the client did.
  std::uint64_t completed_ = 0;
  std::uint32_t continuations_ = 0;  // Since the last frame that was none.
  std::uint64_t block_bytes_ = 0;    // Fields of the head or the trailers under way, unpacked.
  std::size_t unread_ = 0;
  bool broken_ = false;
  bool shutting_down_ = false;
  bool shut_down_ = false;
};

}  // namespace tierce::http2
