// What waitpid() said of a process, for people.
#pragma once

#include <string>

namespace tierce::supervisord {

// "exit status 1", "terminated by SIGTERM (core dumped)".
std::string describe_wait_status(int status);

}  // namespace tierce::supervisord
