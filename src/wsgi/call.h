// One call of the application: the slot it answers into, and how far the answer has come. Lives on the
// stack of the thread that runs it; Python objects that outlive it are detached from it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/fd_inbox.h"
#include "gateway/mailbox.h"
#include "os/message_channel.h"
#include "wsgi/py_ref.h"

namespace tierce::wsgi {

// What a worker shares with one edge thread.
struct EdgeLine {
  gateway::Mailbox mailbox;
  int wakeup;                     // eventfd of the edge thread.
  gateway::FdInbox* descriptors;  // Request bodies come, response files go.
};

struct Call {
  EdgeLine* line;
  std::uint32_t index;  // Of the slot.
  gateway::Slot* slot;

  const gateway::RequestMeta& request() const { return slot->request; }
  const char* request_area() const { return line->mailbox.request_area(index); }
  std::string_view head_part(http::Span span) const { return span.in(request_area() + slot->request.head_at); }

  // The response so far.
  bool started = false;      // start_response has been called: the head text is in the slot.
  bool head_sent = false;    // The edge may have it: too late for another one.
  bool complete = false;     // As long as declared: the client has all of it.
  bool client_gone = false;  // Nobody reads any more.
  bool body_allowed = true;  // Not for HEAD, 204, 304.
  bool overflow_logged = false;
  bool failed = false;  // The application raised, or broke the protocol.
  std::int64_t body_bytes = 0;

  // For the access log (log_variables.h).
  std::vector<std::pair<std::string, std::string>> log_variables = {};
  std::uint32_t log_room = 0;
  bool log_always = false;
};

}  // namespace tierce::wsgi
