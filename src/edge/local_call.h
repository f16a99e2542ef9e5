// One request of somebody in this thread to an application: whole, in one piece, and its answer into a buffer of the
// caller. What happens in between is what happens on a connection to the application, its limits, its log lines and
// its answers of 502 to 504 included, for it is a connection's code (connection.h), without the bytes going through a
// stream. A request whose body is not at hand needs a stream: memory_pair.h.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "edge/connection.h"
#include "http/cgi_params.h"

namespace tierce::edge {

class LocalCall;

// Calls that have news, which are told by the thread's loop, never inside what brought them: whoever is told is in the
// middle of nothing, and may end any call.
class CallNews {
 public:
  bool empty() const { return waiting_.empty(); }
  // Tells everybody, also what comes up meanwhile.
  void run();

 private:
  friend class LocalCall;
  std::vector<LocalCall*> waiting_, told_;  // nullptr: it has ended since.
};

class LocalCall final : public FromFreeList {
 public:
  using Told = void (*)(void* who);
  // `thread`, `news` and `answer` outlive it. `told` is called when pull() has something to do.
  LocalCall(EdgeThread& thread, std::uint8_t listener, const os::Peer& peer, CallNews& news, Buffer& answer, Told told,
            void* who);
  // The caller has left, if the answer is not there yet.
  ~LocalCall();
  LocalCall(const LocalCall&) = delete;
  LocalCall& operator=(const LocalCall&) = delete;

  // Once: head and body in the protocol of the listener. What cannot be served is answered.
  void ask(std::string_view request);
  // Once, where the listener speaks uwsgi: the same without a packet in between.
  bool takes_params() const;
  void ask(const http::CgiParams& params, std::string_view body);

  // Moves what there is of the answer into the buffer. kMore: it is full, and there may be more at once.
  enum class Pulled : std::uint8_t { kWait, kMore, kEnded };
  Pulled pull();
  bool ended() const { return ended_; }
  // It has ended, and is not the whole.
  bool cut() const { return cut_; }
  // It has ended because the application took too long.
  bool timed_out() const { return timed_out_; }

 private:
  friend class CallNews;
  friend class Connection;
  bool read_request(std::string_view request);
  template <typename Parser>
  bool read_packet();
  bool read_http();
  bool take_body();
  bool read_params(const http::CgiParams& params, std::string_view body);
  bool refuse_body(Connection::BodyState state);
  void submit(bool good);
  void has_news();
  void end();

  CallNews& news_;
  Told told_;
  void* who_;
  bool waits_ = false;  // Among the news.
  bool ended_ = false;
  bool cut_ = false;
  bool timed_out_ = false;
  std::unique_ptr<Connection, void (*)(Connection*)> connection_;
  std::optional<Connection::Answer> answer_;
};

}  // namespace tierce::edge
