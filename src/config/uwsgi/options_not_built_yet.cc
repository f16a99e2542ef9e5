// Options that tierce will honour and does not yet. Building one moves its word from here to a row in
// options_honoured.cc.
#include <array>

#include "config/uwsgi/option.h"

namespace tierce::config::uwsgi {
namespace {

constexpr std::string_view kNotBuiltYet = "not built yet";

constexpr std::array kLists = {
    // Sockets
    Listed{Answer::kNotSupported, kNotBuiltYet,
           "https= chown-socket= chmod-socket? chmod>chmod-socket reuse-port http-to-https= https-socket="},
    // Processes
    Listed{Answer::kNotSupported, kNotBuiltYet,
           "cheaper= cheaper-initial= cheaper-step= cheaper-algo= cheaper-overload= cheaper-busyness-max= "
           "cheaper-busyness-min= cheaper-busyness-multiplier= cheaper-busyness-penalty= cheaper-busyness-verbose "
           "cheaper-busyness-backlog-alert= cheaper-busyness-backlog-multiplier= cheaper-busyness-backlog-step= "
           "cheaper-busyness-backlog-nonzero= cpu-affinity= max-worker-lifetime= max-worker-lifetime-delta= "
           "min-worker-lifetime= reload-on-rss= reload-on-as= evil-reload-on-rss= evil-reload-on-as= limit-as= "
           "harakiri-graceful-timeout= harakiri-graceful-signal= max-fd= reaper"},
    // Python
    Listed{Answer::kNotSupported, kNotBuiltYet,
           "mount~ manage-script-name pyargv~ import= pyimport>import py-import>import python-import>import "
           "touch-reload= touch-workers-reload= touch-chain-reload= touch-exec~ touch-logrotate= touch-logreopen= "
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
           "check-static-docroot file-serve-mode= fileserve-mode>file-serve-mode route~ route-if~ route-host~ "
           "route-uri~ route-remote-addr~ route-run~ route-label~ "
           "route-qs~ route-user-agent~ route-remote-user~ route-referer~ route-if-not~"},
    // Around it
    Listed{
        Answer::kNotSupported, kNotBuiltYet,
        "attach-daemon~ attach-daemon2~ smart-attach-daemon~ smart-attach-daemon2~ attach-control-daemon~ "
        "daemons-honour-stdin cron~ cron2~ unique-cron~ stats= stats-server>stats stats-http stats-minified "
        "stats-min>stats-minified master-fifo= cache2~ hook-asap~ hook-pre-jail~ hook-post-jail~ hook-in-jail~ "
        "hook-as-root~ hook-as-user~ hook-as-user-atexit~ hook-pre-app~ hook-post-app~ hook-post-fork~ "
        "hook-accepting~ hook-accepting1~ hook-accepting-once~ hook-accepting1-once~ hook-master-start~ hook-touch~"},
};

}  // namespace

Family not_built_yet_options() { return {{}, kLists}; }

}  // namespace tierce::config::uwsgi
