// The worker's lines in the error log.
#pragma once

#include <string>
#include <string_view>

#include "os/error_log.h"
#include "wsgi/call.h"

namespace tierce::wsgi {

void log_line(os::LogLevel level, std::string_view text);
// The log goes to this file from now on (after a rotation); the descriptor stays the caller's.
void replace_log(int fd);
// What is printed goes to the log from now on, across replace_log() too.
void capture_output();
// "request 00000000004f2a11: GET /path"
std::string call_label(const Call& call);
// Writes the Python exception that is set, with its traceback, and clears it.
void log_exception(const std::string& what);

}  // namespace tierce::wsgi
