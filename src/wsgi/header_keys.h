// Header name -> environ key ("User-Agent" -> "HTTP_USER_AGENT"), and the name of a CGI variable -> the same as an
// environ key, remembered: clients and front servers send the same few names again and again. Guarded by the GIL.
#pragma once

#include <string_view>

#include "wsgi/py_ref.h"

namespace tierce::wsgi {

struct HeaderKey {
  PyObject* environ_key;  // Interned.
  bool is_cookie;         // Repeated values are joined by "; " instead of ",".
  bool skipped;           // Not for the environ. Transfer-Encoding: the body is delimited by CONTENT_LENGTH.
};

bool prepare_header_keys();
// nullptr with an exception set when memory is out.
const HeaderKey* find_header_key(std::string_view name);
// The same for a variable of a front server; `skipped` for names that are ours in an environ ("wsgi.input").
const HeaderKey* find_variable_key(std::string_view name);

}  // namespace tierce::wsgi
