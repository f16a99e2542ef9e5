// The names of nginx's own variables: which exist, and which `set`, map and geo may define anew.
#pragma once

#include <string_view>

namespace tierce::config::nginx {

// Of the modules whose directives tierce reads; the families too: $http_NAME, $arg_NAME, $cookie_NAME ...
bool is_own_variable(std::string_view name);
// Whether a configuration may define one of this name: nginx's own are its own but for a few.
bool may_be_defined(std::string_view name);

}  // namespace tierce::config::nginx
