// One request with its response, from the first byte of the head to the last byte sent: what the parser
// found, the bytes it was found in, the body as it was read, where the application answers. Taken from a pool when
// bytes arrive and given back when the answer is out, so that an idle connection holds none.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/timer_wheel.h"
#include "config/edge_settings.h"
#include "edge/buffer.h"
#include "gateway/mailbox.h"
#include "http/cgi_head.h"
#include "http/request_parser.h"
#include "os/unique_fd.h"

namespace tierce::edge {

class Dispatcher;
class WorkerLink;

// Why an exchange that was given to the application will get no answer from it.
enum class Fate : std::uint8_t { kWaiting, kWorkerDied, kTimedOut, kHangs, kShed, kQueueFull, kNoWorkers, kNonsense };
// For the error log.
std::string describe(Fate fate, const config::EdgeSettings& settings);

// Who is told of an exchange's progress in the gateway: its connection.
class ExchangeOwner {
 public:
  virtual void on_progress() = 0;

 protected:
  ~ExchangeOwner() = default;
};

// Place for the fields of a head. What is not used stays untouched, so a head of ten fields costs a page, not all of
// it.
class FieldRoom {
 public:
  explicit FieldRoom(std::size_t count)
      : fields_(static_cast<http::HeaderField*>(::operator new(count * sizeof(http::HeaderField)))) {}
  http::HeaderField* data() { return fields_.get(); }
  const http::HeaderField* data() const { return fields_.get(); }
  const http::HeaderField& operator[](std::size_t i) const { return fields_.get()[i]; }

 private:
  struct Free {
    void operator()(http::HeaderField* fields) const { ::operator delete(fields); }
  };
  std::unique_ptr<http::HeaderField, Free> fields_;
};

class Exchange {
 public:
  Exchange(const http::HeadLimits& limits, const http::VariableLimits& variable_limits);

  // Ready for the next request of `owner`.
  void begin(ExchangeOwner* of);
  // The head will be found in `variables` instead of in `parser`; its bytes are those of `in`, or of `params`.
  enum class HeadBytes : std::uint8_t { kIn, kParams };
  void use_variables(HeadBytes where);
  const http::RequestHead& head() const { return *head_; }
  // The header fields or variables of head().
  const http::HeaderField* head_fields() const {
    return head_ == &variables.head() ? variables.variables().data() : fields.data();
  }
  std::string_view head_bytes() const {
    return head_in_params_ ? std::string_view(params) : in.view().substr(0, head_->head_bytes);
  }
  void finish();

  // Fills the slot's request from the head and the body. False when it does not fit, which the limits rule
  // out. Only writes: what stands there may be another's by the time it is read.
  bool write_request(gateway::RequestMeta& meta, char* area, std::size_t area_bytes) const;
  // Forgets the body bytes that are stored elsewhere by now; the head stays in front of the buffer.
  void drop_stored_body();
  int body_file() const { return body_file_.get(); }

  void given_to(WorkerLink* link, std::uint32_t slot) {
    link_ = link;
    slot_ = slot;
  }
  WorkerLink* link() const { return link_; }
  std::uint32_t slot() const { return slot_; }
  // Ends the tie to the gateway, whatever its state.
  void let_go();
  // Something happened to it in the gateway: tells its owner.
  void notify();
  void end_with(Fate why);

  // The request line, header fields by name, for logs and for messages.
  std::string_view part(http::Span span) const { return span.in(head_in_params_ ? params.data() : in.data()); }
  // A header field, also one that came as a variable.
  std::string_view field(std::string_view lower_name) const;
  std::string id_text() const;
  std::string label() const;  // "GET /path?x" cut to a readable length.

  http::RequestParser parser;
  FieldRoom fields;
  http::CgiHead variables;  // Of a request over uwsgi, FastCGI or SCGI.
  std::string params;       // FastCGI's PARAMS stream, taken out of its records; the texts of a call's parameters.
  std::uint32_t packet_bytes = 0;  // Of those as a packet; 0: the head is one.
  ExchangeOwner* owner = nullptr;
  Buffer in;             // What was received: this request from the start on, then what follows it.
  std::size_t used = 0;  // Bytes of `in` that belong to this request.
  Buffer out;            // What is composed for the client, of owners that have no other place for it.
  gateway::ClientInfo client{};
  std::uint64_t id = 0;
  std::uint64_t queued_ns = 0;  // Handed to the dispatcher.
  // For the access log, where its format asks for them.
  std::int32_t worker_pid = 0;
  std::uint32_t worker = 0;
  std::uint32_t thread = 0;
  std::uint32_t response_fields = 0;
  std::uint32_t response_head_bytes = 0;
  bool from_file = false;
  bool not_logged = false;
  bool logged_anyway = false;  // The application asks for it.
  std::string response_head;
  std::string log_variables;  // "name\0value\0...", of routes and of the application; the last of a name counts.
  void add_log_variables(std::string_view pairs) { log_variables += pairs; }
  void add_log_variable(std::string_view name, std::string_view value);
  std::string_view log_variable(std::string_view name) const;
  Fate fate = Fate::kWaiting;
  // What routes make of the response: whole lines, and names in lower case.
  std::string added_fields;
  std::vector<std::string> removed_fields;
  std::string remote_user;      // Whom they have let in.
  std::string added_variables;  // For the application: "name\0value\0...".
  // False when there is no more room for one.
  bool add_variable(std::string_view name, std::string_view value);

  // Body: left in `in` behind the head when all of it came along, else collected here.
  bool body_in_buffer = false;
  std::string body_memory;
  os::UniqueFd body_file_;
  std::uint64_t body_bytes = 0;

  // Dispatcher's books.
  Dispatcher* dispatcher = nullptr;  // That armed `deadline`.
  std::uint64_t given_ns = 0;        // To the worker that has it now.
  bool in_queue = false;
  Exchange* queue_next = nullptr;
  Exchange* queue_previous = nullptr;
  Timer deadline;

  std::uint64_t progress_seen = 0;  // Of the response ring, for the deadline of streams.
  std::uint64_t progress_ns = 0;

 private:
  const http::RequestHead* head_;
  bool head_in_params_ = false;
  WorkerLink* link_ = nullptr;
  std::uint32_t slot_ = 0;
};

}  // namespace tierce::edge
