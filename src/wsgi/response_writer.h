// Writes a response into its slot (gateway/mailbox.h): the head as text, the body into the ring.
#pragma once

#include <cstddef>

#include "wsgi/call.h"

namespace tierce::wsgi {

// Puts status and headers into the slot as text. A Python exception is set and false returned when
// PEP 3333 does not allow them: the text says which and why. May be called again until the head is sent.
bool write_head(Call& call, PyObject* status, PyObject* headers);

// Passes on one piece of the body; the first makes the head final. Waits, without the GIL, while the ring
// is full. `length_if_whole` is set when this piece is known to be the only one. Bytes beyond the declared
// length are cut. True also when the client has gone (call.client_gone). False with an exception set when a
// greenlet's wait for room was ended by the application (gevent.Timeout).
bool write_body(Call& call, const char* data, std::size_t bytes, bool whole);

// The body ends: publishes what is left to publish. `broken` when the application failed after the head.
void end_body(Call& call, bool broken);

// A file as the body (wsgi.file_wrapper): `fd` stays the caller's. False when it cannot be passed on.
bool write_file(Call& call, int fd, std::uint64_t offset, std::uint64_t bytes);

// A response of our own in place of what the application did not give; only before the head is sent.
void write_error(Call& call, int status);

// Lets the edge look at the slot now.
void signal_now(Call& call);

}  // namespace tierce::wsgi
