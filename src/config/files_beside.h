// What somebody may have meant who names a configuration that is not there.
#pragma once

#include <string>

namespace tierce::config {

// "; supervisor.ini lies beside it" of /etc/supervisord.ini: the file of its folder with the nearest name, else those
// that are configurations by their ending. "" when there is nothing to say.
std::string what_lies_beside(const std::string& path);

}  // namespace tierce::config
