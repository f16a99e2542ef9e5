// Text made safe for where it goes: a link, HTML, JSON.
#pragma once

#include <string>
#include <string_view>

namespace tierce::nginx {

// All but letters, digits and "-._~" as %XX: one component of a path.
void append_uri_component(std::string_view text, std::string& out);
// The four of < > & ", an apostrophe stays.
void append_html(std::string_view text, std::string& out);
// The inside of a JSON string. Bytes that are no UTF-8 stay as they are.
void append_json(std::string_view text, std::string& out);

}  // namespace tierce::nginx
