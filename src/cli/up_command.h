// tierce up: the whole chain as one tree of processes, from the files that nginx, uWSGI, Gunicorn and supervisord have.
#pragma once

#include <string>
#include <vector>

namespace tierce::cli {

// 0 after a stop, 2 for what keeps it from starting; what an essential program ended with.
int up_command(const std::vector<std::string>& arguments);

}  // namespace tierce::cli
