// From the path of a request to that of a file, and back to something that may stand in a Location.
#pragma once

#include <string>
#include <string_view>

#include "config/nginx/model.h"

namespace tierce::nginx {

namespace conf = config::nginx;
class Request;

// root or alias, absolute.
std::string document_root_of(Request& request);
// The file of a path: behind the root, or in place of the alias' prefix.
std::string file_path_of(Request& request, std::string_view uri);

// Whether a path below a folder leads out of it again: what is left of "/files../x" behind `location /files`, say.
bool leads_outside(std::string_view below);
// ... of that request, in an alias: nobody should get it, whatever the location makes of its file's name.
bool is_outside_alias(const Request& request);

// The first server_name as it was written; "" when there is none.
std::string_view first_name(const conf::Server& server);

// What has to be escaped where.
enum class Escape : std::uint8_t {
  kUri,        // A path: blanks, controls, '%', '?', '#', bytes above 0x7f.
  kArguments,  // ... of arguments: '%' and '?' stay... and '&' and '+' of captures do not.
  kComponent,  // All but unreserved characters.
};
void append_escaped(std::string& out, std::string_view text, Escape how);

// Splits "/path?args" and says whether the path may be used: no ".." that leads upward, no zero byte.
bool is_safe_uri(std::string_view uri);

}  // namespace tierce::nginx
