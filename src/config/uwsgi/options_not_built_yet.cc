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
           "cheaper= cheaper-initial= cheaper-step= cheaper-algo= cheaper-overload= cheaper-busyness-max= "
           "cheaper-busyness-min= cheaper-busyness-multiplier= cheaper-busyness-penalty= cheaper-busyness-verbose "
           "cheaper-busyness-backlog-alert= cheaper-busyness-backlog-multiplier= cheaper-busyness-backlog-step= "
           "cheaper-busyness-backlog-nonzero= cpu-affinity= "
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
           "log-maxsize= log-backupname= log-reopen "
           "log-truncate logfile-chown logfile-chmod= log-filter~ log-drain~ log-route~ log-req-route~ log-prefix? "
           "log-syslog?"},
    // Files
    Listed{Answer::kNotSupported, kNotBuiltYet,
           "check-static-docroot file-serve-mode= fileserve-mode>file-serve-mode route-label~"},
    // Around it
    Listed{Answer::kNotSupported, kNotBuiltYet, "hook-post-fork~"},
};

}  // namespace

Family not_built_yet_options() { return {{}, kLists}; }

}  // namespace tierce::config::uwsgi
