// docs/nginx-directives.md, made from the rows.
#pragma once

#include <string>

namespace tierce::config::nginx {

std::string help_markdown();

}  // namespace tierce::config::nginx
