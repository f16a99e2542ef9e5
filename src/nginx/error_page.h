// The pages that answer where nothing else does: nginx's, with our name at their foot.
#pragma once

#include <string>
#include <string_view>

namespace tierce::nginx {

// What the Server header and the foot of a page say: "tierce", or with `tokens` the version too.
std::string server_word(bool tokens, std::string_view version);

// The status that the client is told. nginx has some of its own for kinds of 400: 494 a header field or cookie that is
// too large, 495 a bad client certificate, 496 none, 497 plain HTTP on a port for TLS.
int told_status(int status);

// `status` as the server has it, 494 to 497 too. "": there is no page for it, the body is empty.
std::string error_page(int status, std::string_view server);

// What follows the page for a browser that shows its own for short ones (Browser::msie or chrome), unless msie_padding
// is off; "" for statuses that are no error.
std::string_view error_page_padding(int status);

// With msie_refresh, to Internet Explorer, in place of a 301 or 302 to `location`, with status 200.
std::string refresh_page(std::string_view location);

}  // namespace tierce::nginx
