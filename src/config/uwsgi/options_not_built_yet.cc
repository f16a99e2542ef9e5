// Options that tierce will honour and does not yet. Building one moves its word from here to a row in
// options_honoured.cc.
#include <array>

#include "config/uwsgi/option.h"

namespace tierce::config::uwsgi {
namespace {

constexpr std::string_view kNotBuiltYet = "not built yet";

constexpr std::array kLists = {
    // Sockets
    Listed{Answer::kNotSupported, kNotBuiltYet, "https= reuse-port http-to-https= https-socket="},
    // Processes
    Listed{Answer::kNotSupported, kNotBuiltYet,
           "cpu-affinity= "
           "min-worker-lifetime= evil-reload-on-rss= evil-reload-on-as= limit-as= "
           "harakiri-graceful-timeout= harakiri-graceful-signal= max-fd= reaper"},
    // Python
    Listed{Answer::kNotSupported, kNotBuiltYet,
           "mount~ manage-script-name pyargv~ import= pyimport>import py-import>import python-import>import "
           "touch-workers-reload= touch-chain-reload= touch-logrotate= touch-logreopen= "
           "gevent= gevent-monkey-patch gevent-early-monkey-patch gevent-wait-for-hub optimize= py-programname= "
           "py-program-name>py-programname py-executable= py-sys-executable>py-executable chdir2= force-cwd= unenv= "
           "envdir~ wsgi-disable-file-wrapper py-auto-reload-ignore= py-tracebacker= honour-stdin"},
    // Identity
    Listed{Answer::kNotSupported, kNotBuiltYet,
           "chroot= safe-pidfile= safe-pidfile2= pidfile2= daemonize= daemonize2= procname= procname-master= "
           "procname-prefix= procname-prefix-spaced= procname-append= auto-procname add-gid= immediate-uid= "
           "immediate-gid="},
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
    // Around it
    Listed{Answer::kNotSupported, kNotBuiltYet, "hook-post-fork~"},
};

}  // namespace

Family not_built_yet_options() { return {{}, kLists}; }

}  // namespace tierce::config::uwsgi
