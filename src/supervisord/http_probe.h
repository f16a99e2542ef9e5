// One GET of a health_url, for a process that has nothing else to do: it waits.
#pragma once

#include <string>

namespace tierce::supervisord {

// "" when the answer was 200 to 399; else why not: "503", "connect: Connection refused". `url`:
// http://HOST[:PORT][/PATH].
std::string probe_url(const std::string& url);

}  // namespace tierce::supervisord
