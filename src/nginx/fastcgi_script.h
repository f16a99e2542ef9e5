// Which script a FastCGI request is for: $fastcgi_script_name and $fastcgi_path_info.
#pragma once

#include <string>

#include "nginx/request.h"

namespace tierce::nginx {

struct FastcgiScript {
  std::string name;       // The path up to fastcgi_split_path_info's first group, or all of it with fastcgi_index.
  std::string path_info;  // Its second group.
};

FastcgiScript fastcgi_script_of(Request& request);

}  // namespace tierce::nginx
