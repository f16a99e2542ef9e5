// What nginx makes of a User-Agent: which of the browsers that it treats apart this is.
#pragma once

#include <string_view>

namespace tierce::nginx {

struct Browser {
  bool msie = false;
  bool msie6 = false;  // Internet Explorer up to 6, before its service pack 2.
  bool safari = false;
  bool chrome = false;
};

Browser browser_of(std::string_view user_agent);

}  // namespace tierce::nginx
