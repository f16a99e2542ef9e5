// Requests towards servers that speak uwsgi, SCGI or FastCGI: the bytes in front of the body, made of named values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/cgi_params.h"

namespace tierce::http {

// Of the names and values with their sizes.
inline constexpr std::size_t kUwsgiParamBytesMax = 0xffff;

// The uwsgi packet (uwsgi-docs, Protocol): modifiers, a size of 16 bits, names and values with theirs. False: they
// do not fit into 64 KiB.
bool append_uwsgi_request(std::string& out, const CgiParams& params, std::uint8_t modifier1, std::uint8_t modifier2);
// A netstring (https://www.python.ca/scgi/protocol.txt). CONTENT_LENGTH goes first; it must be among `params`.
void append_scgi_request(std::string& out, const CgiParams& params);
// BEGIN_REQUEST, PARAMS and their end, as records of request 1 (FastCGI 1.0).
void append_fastcgi_request(std::string& out, const CgiParams& params, bool keep_connection);
// A part of the body as STDIN records; "" is its end.
void append_fastcgi_body(std::string& out, std::string_view body);

}  // namespace tierce::http
