// systemd's Type=notify: who started this process waits for its word that it serves. sd_notify() without its library.
#pragma once

#include <string_view>

namespace tierce::os {

// Lines of NAME=VALUE. Does nothing where nobody has asked for it (NOTIFY_SOCKET); a word that is lost is no failure.
void tell_service_manager(std::string_view lines);

}  // namespace tierce::os
