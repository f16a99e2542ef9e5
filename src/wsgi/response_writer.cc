#include "wsgi/response_writer.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <set>
#include <string>

#include "http/content_length.h"
#include "http/field_rules.h"
#include "http/response_head.h"
#include "os/socket_io.h"
#include "wsgi/error_log.h"
#include "wsgi/greenlets.h"
#include "wsgi/log_variables.h"

namespace tierce::wsgi {
namespace {

// Latin-1 text of a str without a copy; false when it is no str or holds characters above U+00FF.
bool latin1(PyObject* object, std::string_view* text) {
  if (!PyUnicode_Check(object)) return false;
#if PY_VERSION_HEX < 0x030C0000
  if (PyUnicode_READY(object) != 0) return false;
#endif
  if (PyUnicode_KIND(object) != PyUnicode_1BYTE_KIND) return false;
  *text = {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(object)),
           static_cast<std::size_t>(PyUnicode_GET_LENGTH(object))};
  return true;
}

bool refuse_text(const char* what, PyObject* got) {
  if (PyUnicode_Check(got)) {
    PyErr_Format(PyExc_ValueError, "%s %R has characters beyond latin-1 (PEP 3333)", what, got);
  } else {
    PyErr_Format(PyExc_TypeError, "%s must be a str, not %.100s (PEP 3333)", what, Py_TYPE(got)->tp_name);
  }
  return false;
}

class HeadText {
 public:
  explicit HeadText(Call& call)
      : begin_(call.line->mailbox.response_area(call.index)),
        at_(begin_),
        // Half of the area at least is left to the body.
        end_(begin_ + call.line->mailbox.shape().response_bytes / 2) {}
  bool add(std::string_view a, std::string_view b, std::string_view c, std::string_view d) {
    if (a.size() + b.size() + c.size() + d.size() > static_cast<std::size_t>(end_ - at_)) {
      PyErr_SetString(PyExc_ValueError, "the response head is larger than 64 KiB");
      return false;
    }
    for (const std::string_view part : {a, b, c, d}) {
      std::memcpy(at_, part.data(), part.size());
      at_ += part.size();
    }
    return true;
  }
  std::uint32_t bytes() const { return static_cast<std::uint32_t>(at_ - begin_); }

 private:
  char* begin_;
  char* at_;
  char* end_;
};

// What is about the connection (RFC 9110 7.6.1) is the server's to say; many applications say it all the same, as for
// events: `Connection: keep-alive`. True: the answer goes on without it.
bool leave_out(const Call& call, std::string_view name) {
  static std::set<std::string, std::less<>> said;  // Guarded by the GIL; there are nine such names.
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (said.insert(std::move(lower)).second) {
    log_line(os::LogLevel::kWarning,
             fmt::format("{}: response header {} is about the connection, which is the server's: left out from now on",
                         call_label(call), name));
  }
  return true;
}

bool add_header(const Call& call, gateway::ResponseMeta& meta, HeadText& head, PyObject* item) {
  // PEP 3333 wants tuples; Gunicorn takes lists as well, and applications count on it.
  if ((!PyTuple_Check(item) && !PyList_Check(item)) || PySequence_Fast_GET_SIZE(item) != 2) {
    PyErr_Format(PyExc_TypeError, "response headers must be a list of (name, value) tuples, got %R", item);
    return false;
  }
  PyObject* name_object = PySequence_Fast_GET_ITEM(item, 0);
  PyObject* value_object = PySequence_Fast_GET_ITEM(item, 1);
  std::string_view name, value;
  if (!latin1(name_object, &name)) return refuse_text("the name of a response header", name_object);
  if (!latin1(value_object, &value)) return refuse_text("the value of a response header", value_object);
  value = http::trim_blanks(value);
  if (const auto checked = http::check_response_field(name, value); !checked) {
    if (checked.error().cause == http::ResponseFieldError::Cause::kHopByHop) return leave_out(call, name);
    const std::string why(http::describe(checked.error()));
    PyErr_Format(PyExc_ValueError, "response header %R: %R: %s", name_object, value_object, why.c_str());
    return false;
  }
  switch (name.size()) {
    case 4:
      if (http::equals_ignoring_case(name, "date")) meta.has_date = true;
      break;
    case 6:
      if (http::equals_ignoring_case(name, "server")) meta.has_server = true;
      break;
    case 14:
      if (http::equals_ignoring_case(name, "content-length")) {
        const auto length = http::parse_content_length(value);
        if (!length || (meta.content_length >= 0 && static_cast<std::uint64_t>(meta.content_length) != *length)) {
          PyErr_Format(PyExc_ValueError, "response header Content-Length: %R is not a length, or is given twice",
                       value_object);
          return false;
        }
        meta.content_length = static_cast<std::int64_t>(*length);
        return true;  // The edge writes it.
      }
      break;
    default:
      break;
  }
  return head.add(name, ": ", value, "\r\n");
}

// Makes the head final. It reaches the edge with the next signal.
void publish_head(Call& call) {
  if (call.head_sent) return;
  call.head_sent = true;
  call.slot->ring_at = (reserve_log_variables(call) + 63) / 64 * 64;
}

// The edge empties the channel at every turn: a full one has room again before long.
bool send_descriptor(Call& call, int fd) {
  constexpr int kTries = 100, kTryMs = 50;
  for (int i = 0; i < kTries; ++i) {
    if (call.line->descriptors->send(call.index, fd)) return true;
    if (on_hub_thread()) {
      if (!sleep_in_greenlet(kTryMs / 1000.0)) return false;
      continue;
    }
    pollfd room{call.line->descriptors->fd(), POLLOUT, 0};
    ::poll(&room, 1, kTryMs);
  }
  return false;
}

bool wait_for_room(Call& call) {
  if (on_hub_thread()) {
    signal_now(call);
    if (!park_for_room(call)) return false;
    if (call.slot->abandoned.load(std::memory_order_relaxed) != 0) call.client_gone = true;
    return true;
  }
  const GilRelease released;
  signal_now(call);
  if (!call.line->mailbox.ring_wait(call.index)) call.client_gone = true;
  return true;
}

void set_flags(Call& call, std::uint32_t flags) {
  // A file is sent by the edge as soon as it knows of it: no other flag follows.
  constexpr std::uint32_t kLast = gateway::kBodyComplete | gateway::kBroken | gateway::kFileFollows;
  if ((flags & kLast) != 0) write_log_variables(call);
  call.slot->response_flags.fetch_or(flags, std::memory_order_release);
}

}  // namespace

bool write_head(Call& call, PyObject* status, PyObject* headers) {
  std::string_view text;
  if (!latin1(status, &text)) return refuse_text("the status", status);
  if (text.size() < 3 || !std::all_of(text.begin(), text.begin() + 3, [](char c) { return c >= '0' && c <= '9'; }) ||
      text[0] < '1' || (text.size() > 3 && text[3] != ' ') || !http::is_field_value(text)) {
    PyErr_Format(PyExc_ValueError, "the status must be like '200 OK', got %R", status);
    return false;
  }
  const int code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  if (code < 200) {
    PyErr_Format(PyExc_ValueError, "the status %R is an interim one; an application answers with 200 to 999", status);
    return false;
  }
  // A list as PEP 3333 wants it, or as in Gunicorn anything else that gives pairs, like the items() of a dict.
  const PyRef pairs = PyRef::steal(PySequence_Fast(headers, ""));
  if (!pairs) {
    if (PyErr_ExceptionMatches(PyExc_TypeError) != 0)
      PyErr_Format(PyExc_TypeError, "response headers must be a list, not %.100s (PEP 3333)",
                   Py_TYPE(headers)->tp_name);
    return false;
  }
  gateway::ResponseMeta& meta = call.slot->response;
  meta = {};
  meta.content_length = -1;
  meta.status = static_cast<std::uint16_t>(code);
  HeadText head(call);
  if (!head.add(text, text.size() == 3 ? " " : "", "\r\n", "")) return false;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(pairs.get()); ++i) {
    if (!add_header(call, meta, head, PySequence_Fast_GET_ITEM(pairs.get(), i))) return false;
  }
  meta.head_bytes = head.bytes();
  call.started = true;
  call.body_allowed = call.request().head.method != http::Method::kHead && code != 204 && code != 304;
  return true;
}

void signal_now(Call& call) {
  if (call.line->mailbox.signal(call.index)) os::ring_eventfd(call.line->wakeup);
}

bool write_body(Call& call, const char* data, std::size_t bytes, bool whole) {
  gateway::ResponseMeta& meta = call.slot->response;
  if (!call.head_sent) {
    if (whole && meta.content_length < 0 && (bytes > 0 || call.body_allowed))
      meta.content_length = static_cast<std::int64_t>(bytes);
    publish_head(call);
  }
  if (!call.body_allowed) return true;
  if (meta.content_length >= 0) {
    const std::int64_t left = meta.content_length - call.body_bytes;
    if (static_cast<std::int64_t>(bytes) > left) {
      if (!call.overflow_logged) {
        call.overflow_logged = true;
        log_line(os::LogLevel::kWarning, fmt::format("{}: the response is longer than its Content-Length of {}: cut",
                                                     call_label(call), meta.content_length));
      }
      bytes = static_cast<std::size_t>(left);
    }
  }
  while (bytes > 0 && !call.client_gone) {
    const std::size_t wrote = call.line->mailbox.ring_write(call.index, data, bytes);
    data += wrote;
    bytes -= wrote;
    call.body_bytes += static_cast<std::int64_t>(wrote);
    if (bytes == 0) break;
    // The ring is full: the edge must look at it before it can have room again.
    set_flags(call, gateway::kHeadReady);
    if (!wait_for_room(call)) return false;
  }
  if (call.slot->abandoned.load(std::memory_order_relaxed) != 0) call.client_gone = true;
  const bool full = meta.content_length >= 0 && call.body_bytes == meta.content_length;
  if (full) call.complete = true;
  set_flags(call, full ? gateway::kHeadReady | gateway::kBodyComplete : gateway::kHeadReady);
  return true;
}

void end_body(Call& call, bool broken) {
  if (!call.head_sent) {
    // No body at all: its length is known now. To HEAD it says nothing of what GET would get.
    if (call.slot->response.content_length < 0 && call.body_allowed) call.slot->response.content_length = 0;
    publish_head(call);
  }
  const bool short_of = call.body_allowed && call.slot->response.content_length > call.body_bytes;
  if (short_of && !broken && !call.client_gone) {
    log_line(os::LogLevel::kWarning,
             fmt::format("{}: the response has {} bytes, its Content-Length says {}: connection closed",
                         call_label(call), call.body_bytes, call.slot->response.content_length));
  }
  if (call.complete) return;
  call.complete = true;
  set_flags(call, gateway::kHeadReady | (broken || short_of ? gateway::kBroken : gateway::kBodyComplete));
}

bool write_file(Call& call, int fd, std::uint64_t offset, std::uint64_t bytes) {
  gateway::ResponseMeta& meta = call.slot->response;
  if (meta.content_length >= 0) bytes = std::min(bytes, static_cast<std::uint64_t>(meta.content_length));
  if (meta.content_length < 0) meta.content_length = static_cast<std::int64_t>(bytes);
  if (!call.body_allowed || bytes == 0) return true;
  if (!send_descriptor(call, fd)) return false;
  meta.file_offset = offset;
  meta.file_bytes = bytes;
  publish_head(call);
  call.body_bytes = static_cast<std::int64_t>(bytes);
  set_flags(call, gateway::kHeadReady | gateway::kFileFollows);
  return true;
}

void write_error(Call& call, int status) {
  gateway::ResponseMeta& meta = call.slot->response;
  meta = {};
  meta.status = static_cast<std::uint16_t>(status);
  const std::string_view reason = http::reason_phrase(status);
  const std::string body = fmt::format("<!doctype html>\n<title>{0} {1}</title>\n<h1>{0} {1}</h1>\n", status, reason);
  const std::string head = fmt::format("{} {}\r\nContent-Type: text/html; charset=utf-8\r\n", status, reason);
  std::memcpy(call.line->mailbox.response_area(call.index), head.data(), head.size());
  meta.head_bytes = static_cast<std::uint32_t>(head.size());
  meta.content_length = static_cast<std::int64_t>(body.size());
  call.started = true;
  call.body_allowed = call.request().head.method != http::Method::kHead;
  call.body_bytes = 0;
  static_cast<void>(write_body(call, body.data(), body.size(), true));  // It fits: nobody waits.
  // For HEAD nothing has been written that would have completed it.
  end_body(call, false);
}

}  // namespace tierce::wsgi
