// Options that tierce will honour and does not yet. Building one moves its word from here to a row in
// options_honoured.cc.
#include <array>

#include "config/uwsgi/option.h"

namespace tierce::config::uwsgi {
namespace {

constexpr std::string_view kNotBuiltYet = "not built yet";

constexpr std::array kLists = {
    // Sockets
    Listed{Answer::kNotSupported, kNotBuiltYet, "https= http-to-https= https-socket="},
    // Python
    Listed{Answer::kNotSupported, kNotBuiltYet,
           "gevent= gevent-monkey-patch gevent-early-monkey-patch gevent-wait-for-hub py-tracebacker= honour-stdin"},
    // Logs
    Listed{Answer::kNotSupported, kNotBuiltYet,
           "log-format~ logformat>log-format log-encoder~ log-req-encoder~ log-4xx log-5xx log-slow= log-big= "
           "log-sendfile= log-ioerror= log-micros log-zero log-x-forwarded-for log-maxsize= log-backupname= log-reopen "
           "log-truncate logfile-chown logfile-chmod= log-filter~ log-drain~ log-route~ log-req-route~ log-prefix? "
           "log-syslog? memory-report"},
    // Files
    Listed{Answer::kNotSupported, kNotBuiltYet,
           "static-map= static-map2= check-static= static-check>check-static check-static-docroot static-skip-ext= "
           "static-index= static-safe= static-expires= static-expires-mtime= static-expires-type= "
           "static-expires-type-mtime= static-expires-uri= static-expires-uri-mtime= static-expires-path-info= "
           "static-expires-path-info-mtime= static-gzip= static-gzip-all static-gzip-dir= "
           "static-gzip-prefix>static-gzip-dir static-gzip-ext= static-gzip-suffix>static-gzip-ext mimefile= "
           "mime-file>mimefile honour-range file-serve-mode= fileserve-mode>file-serve-mode add-header~ rem-header= "
           "del-header>rem-header route~ route-if~ route-host~ route-uri~ route-remote-addr~ route-run~ route-label~ "
           "route-qs~ route-user-agent~ route-remote-user~ route-referer~ route-if-not~"},
};

}  // namespace

Family not_built_yet_options() { return {{}, kLists}; }

}  // namespace tierce::config::uwsgi
