// Plays a role of the chain in this process: the command of its name, as if it had been started by itself.
#pragma once

#include <string>
#include <vector>

namespace tierce::cli {

// `words`: "nginx", "uwsgi" or "gunicorn", and the arguments. Its exit status.
int play_role(const std::vector<std::string>& words);

}  // namespace tierce::cli
