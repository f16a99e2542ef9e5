// Sends one response: the head composed from what the application gave, then the body from the gateway's
// ring, from a file, or from what was put aside for a slow client. step() does what can be done now.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "edge/buffer.h"
#include "edge/client_stream.h"
#include "edge/ready_response.h"
#include "edge/response_wire.h"
#include "os/socket_io.h"
#include "os/unique_fd.h"

namespace tierce::http {
struct RequestHead;
}

namespace tierce::edge {

class EdgeThread;
class Exchange;

class ResponseSender {
 public:
  enum class Step : std::uint8_t {
    kDone,          // All sent; the connection may go on when keep_alive().
    kWaitWritable,  // The client does not read.
    kWaitProgress,  // The application has produced nothing more yet.
    kClientGone,
    kCut,  // The response cannot be completed: close without a clean end.
  };

  ResponseSender(EdgeThread& thread, ClientStream& stream, bool keep_alive, const ResponseWire& wire = {})
      : thread_(thread), stream_(stream), wire_(wire), keep_alive_(keep_alive) {}

  // An application's response in the exchange's slot. Call again after progress or when writable.
  Step step(Exchange& exchange);
  // A response of our own, head and body in one.
  Step send_own(std::string&& bytes, std::uint64_t body_bytes);
  // A response made out of the configuration. Sends nothing yet: step() does.
  void begin(Exchange& exchange, ReadyResponse&& response);
  Step flush();
  // FastCGI: the web server wants no more of this response. Ends it as soon as step() may; false when it
  // stands in the middle of a record, which can only be cut.
  bool end_early();

  bool head_composed() const { return head_composed_; }
  bool keep_alive() const { return keep_alive_; }
  int status() const { return status_; }
  std::uint64_t body_bytes() const { return body_sent_; }
  bool cut_short() const { return cut_short_; }
  // Nothing but the end of the connection says where the body ends: cut short, it must end with a reset.
  bool ends_with_connection() const { return head_composed_ && length_left_ < 0 && !chunked_; }
  // Whether the socket has taken bytes since this was last asked: the send timeout is between two writes.
  bool advanced() { return std::exchange(advanced_, false); }

 private:
  // False when what the worker has written cannot be a response; nothing has been sent then.
  bool compose_head(Exchange& exchange, std::uint32_t flags);
  // What every response has behind the fields of its own: Server, Date, framing, Connection.
  struct HeadEnd {
    bool has_server = false;
    bool has_date = false;
    std::int64_t content_length = -1;
  };
  void finish_head(Buffer& out, Exchange& exchange, const HeadEnd& end);
  // What the application says to the access log; it is final with the last flag of the response.
  void take_log_variables(Exchange& exchange) const;
  void append_fields(Buffer& out, const Exchange& exchange, std::string_view head);
  void append_body(std::string_view text);
  // The next part of a ready response.
  void next_part();
  bool take_file(Exchange& exchange, std::int64_t content_length);
  Step refuse_nonsense(Exchange& exchange);
  void append_records(std::string_view stream);
  Step send_ring(Exchange& exchange);
  bool put_aside(std::string_view data);
  Step drain_file();
  Step end_of_body(Exchange& exchange, bool broken);

  EdgeThread& thread_;
  ClientStream& stream_;
  ResponseWire wire_;
  bool keep_alive_;
  bool head_composed_ = false;
  bool chunked_ = false;
  bool body_allowed_ = true;  // Not for HEAD, 204, 304.
  bool body_ended_ = false;   // Everything the application made is in pending_, spool or sent.
  bool cut_short_ = false;
  bool advanced_ = false;
  int status_ = 0;
  std::int64_t length_left_ = -1;  // Of a declared Content-Length.
  std::uint64_t body_sent_ = 0;
  Buffer pending_;      // Composed and not yet taken by the socket; goes before everything else.
  os::UniqueFd spool_;  // Put aside for a slow client: [spool_read_, spool_written_).
  std::uint64_t spool_read_ = 0, spool_written_ = 0;
  bool ready_ = false;  // The response is a ready one: parts_ and file_ are all of it.
  std::vector<ReadyResponse::Part> parts_;
  std::size_t next_part_ = 0;
  os::UniqueFd file_;  // wsgi.file_wrapper, or that of a ready response.
  std::uint64_t file_at_ = 0, file_left_ = 0;
  std::uint64_t record_left_ = 0;  // FastCGI: of the file, in the record whose header has been written.
};

}  // namespace tierce::edge
