// Options that tierce will honour and does not yet. Building one moves its word from here to a row in
// options_honoured.cc.
#include <array>

#include "config/uwsgi/option.h"

namespace tierce::config::uwsgi {
namespace {

constexpr std::string_view kNotBuiltYet = "not built yet";

constexpr std::array kLists = {
    // Python
    Listed{Answer::kNotSupported, kNotBuiltYet, "py-tracebacker= honour-stdin"},
    // Logs
    Listed{Answer::kNotSupported, kNotBuiltYet,
           "log-filter~ log-drain~ log-route~ log-req-route~ log-prefix? "
           "log-syslog?"},
    // Files
    Listed{Answer::kNotSupported, kNotBuiltYet,
           "check-static-docroot file-serve-mode= fileserve-mode>file-serve-mode route-label~"},
};

}  // namespace

Family not_built_yet_options() { return {{}, kLists}; }

}  // namespace tierce::config::uwsgi
