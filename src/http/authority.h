// The host and port a request is for, as Host and absolute-form targets write them.
#pragma once

#include <string_view>

namespace tierce::http {

// host[:port]: a name, an IPv4 address or an IPv6 literal in brackets, and a port of 1 to 5 digits up to
// 65535. Narrower than the RFC: no userinfo, no list, no percent escapes, no empty label ("a..b"), no
// empty port ("a:"). The name ends up in redirects, log lines and file names.
bool is_authority(std::string_view text);

}  // namespace tierce::http
