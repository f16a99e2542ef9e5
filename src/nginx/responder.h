// The way of a response to the client: what filters make of its head and body, and the sending.
#pragma once

#include "nginx/async.h"
#include "nginx/outcome.h"
#include "nginx/request.h"

namespace tierce::nginx {

// Conditions, expires, added fields, charset, compression, ranges. kNext: the head may go; a status: an answer of its
// own (412, 416).
int filter_response(Request& request);

// Of the file, or what an upstream says in Last-Modified; -1: nobody says it.
std::time_t modified_time(const Response& response);

// A response that is whole: its parts and its file. kDone, or a status that a filter has found.
Async<int> send_response(Request& request);

// A response whose body comes in pieces. begin_body(): the head goes (kNext), or see filter_response().
int begin_body(Request& request);
void write_body(Request& request, std::string_view bytes);
// As much as one may write at once before one looks at what the client holds.
std::size_t body_piece(const Request& request);
void end_body(Request& request);
// Everything that write_body() was given shall go out soon, not only when there is more of it.
void flush_body(Request& request);

// Until at most `leave` bytes wait for the client. False: it is gone or too slow.
Async<bool> drain(Request& request, std::size_t leave);

}  // namespace tierce::nginx
