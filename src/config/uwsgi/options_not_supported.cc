// Options that tierce does not have, grouped by what does not happen. Mostly uWSGI's further roles and plugins.
#include <array>

#include "config/uwsgi/option.h"

namespace tierce::config::uwsgi {
namespace {

constexpr std::array kLists = {
    // TLS
    Listed{
        Answer::kNotSupported, "this address is not served over TLS",
        "suwsgi-socket= ssl-socket>suwsgi-socket https-socket-modifier1= https-socket-modifier2= ssl-verbose "
        "ssl-verify-depth? ssl-enable3 ssl-enable-sslv3>ssl-enable3 ssl-enable-tlsv1 ssl-option ssl-tmp-dir= https2= "
        "https-export-cert https-session-context= sslrouter-session-context>https-session-context"},
    // Sockets
    Listed{Answer::kNotSupported, "the socket is opened without this",
           "http-socket-modifier1= http-socket-modifier2= fastcgi-nph-socket= fastcgi-modifier1= fastcgi-modifier2= "
           "scgi-nph-socket= scgi-modifier1= scgi-modifier2= raw-socket= raw-modifier1= raw-modifier2= puwsgi-socket= "
           "shared-socket= undeferred-shared-socket= abstract-socket freebind safe-fd= fd-safe>safe-fd tcp-nodelay "
           "so-keepalive so-send-timeout socket-send-timeout>so-send-timeout so-write-timeout>so-send-timeout "
           "socket-write-timeout>so-send-timeout socket-sndbuf= socket-rcvbuf= shutdown-sockets udp= multicast= "
           "multicast-ttl= multicast-loop= notify-socket= tcp-fast-open= tcp-fastopen>tcp-fast-open "
           "tcp-fast-open-client tcp-fastopen-client>tcp-fast-open-client allowed-modifiers= remap-modifier= ping= "
           "ping-timeout="},
    // Processes
    Listed{Answer::kNotSupported, "the workers run without this",
           "harakiri-queue-threshold= harakiri-no-arh no-harakiri-arh>harakiri-no-arh "
           "no-harakiri-after-req-hook>harakiri-no-arh fallback-config= skip-atexit skip-atexit-teardown limit-nproc= "
           "mem-collector-freq= reload-on-fd= brutal-reload-on-fd= ksm? never-swap fs-reload= fs-brutal-reload= prio= "
           "reload-on-exception reload-on-exception-type= reload-on-exception-value= reload-on-exception-repr= "
           "cheaper-algo-list cheaper-algos-list>cheaper-algo-list cheaper-list>cheaper-algo-list "
           "idle= die-on-idle thread-stacksize= "
           "threads-stacksize>thread-stacksize thread-stack-size>thread-stacksize threads-stack-size>thread-stacksize"},
    // Commands
    Listed{Answer::kNotSupported, "this command is not there",
           "backtrace-depth= stop= reload= pause= suspend= resume= connect-and-read= extract= print-sym= "
           "print-symbol>print-sym dump-options iprint= cflags dot-h config-py"},
    // Jobs of its own
    Listed{Answer::kNotSupported, "there are no mules, spoolers, signals or RPC: the job does not run",
           "mule-harakiri= mule-reload-mercy= sharedarea= spooler= spooler-external= spooler-ordered spooler-chdir= "
           "spooler-processes= spooler-quiet spooler-max-tasks= spooler-harakiri= spooler-frequency= "
           "spooler-freq>spooler-frequency mule? mules= farm= mule-msg-size? signal= signal-timer= timer>signal-timer "
           "signal-rbtimer= rbtimer>signal-rbtimer rpc-max= hook-as-mule~ touch-mules-reload= touch-spoolers-reload= "
           "touch-signal= fs-signal= worker-exec~ worker-exec2~ spooler-import= spooler-pyimport>spooler-import "
           "spooler-py-import>spooler-import spooler-python-import>spooler-import py-sharedarea= "
           "python-worker-override="},
    // Language
    Listed{Answer::kNotSupported, "this part of the language is not read",
           "declare-option~ declare-option2~ resolve= blacklist= end-blacklist whitelist= end-whitelist inject-before= "
           "inject-after= binary-path= early-envdir= dlopen= binary-append-data~ if-hostname-match= "
           "if-not-hostname-match>if-hostname-match"},
    // Alarms and metrics
    Listed{
        Answer::kNotSupported, "nobody is told: alarms, metrics and their exporters are not there",
        "profiler= upload-progress= enable-metrics metric= metric-threshold= metric-alarm>metric-threshold "
        "alarm-metric>metric-threshold metrics-dir= metric-dir>metrics-dir metrics-dir-restore "
        "metric-dir-restore>metrics-dir-restore metrics-no-cores stats-push~ stats-pusher-default-freq~ "
        "stats-pushers-default-freq>stats-pusher-default-freq snmp? snmp-community= "
        "alarm~ alarm-cheap= alarm-freq= alarm-fd= alarm-segfault= segfault-alarm>alarm-segfault alarm-backlog= "
        "backlog-alarm>alarm-backlog lq-alarm>alarm-backlog alarm-lq>alarm-backlog alarm-listen-queue>alarm-backlog "
        "listen-queue-alarm>alarm-backlog alarm-list alarms-list>alarm-list alarm-msg-size= nagios rrdtool= "
        "rrdtool-freq= rrdtool-lib= carbon= carbon-timeout= carbon-freq= carbon-id= carbon-no-workers "
        "carbon-max-retry= carbon-retry-delay= carbon-root= carbon-hostname-dots= carbon-name-resolve "
        "carbon-resolve-names>carbon-name-resolve carbon-idle-avg= carbon-use-metrics log-alarm= alarm-log>log-alarm "
        "not-log-alarm= not-alarm-log>not-log-alarm zabbix-template?"},
    // Other languages
    Listed{Answer::kNotSupported, "only Python applications (WSGI) are served",
           "cgi-mode plugins-list plugin-list>plugins-list build-plugin= symcall~ symcall-use-next "
           "symcall-register-rpc~ symcall-post-fork~ cgi= cgi-map-helper= cgi-helper>cgi-map-helper cgi-from-docroot "
           "cgi-buffer-size= cgi-timeout= cgi-index= cgi-allowed-ext= cgi-unset= cgi-loadlib= cgi-optimize "
           "cgi-optimized>cgi-optimize cgi-path-info cgi-do-not-kill-on-error cgi-async-max-attempts "
           "cgi-close-stdin-on-eof cgi-safe= webdav-mount= webdav-css= webdav-javascript= webdav-js>webdav-javascript "
           "webdav-class-directory= webdav-div= webdav-lock-cache= webdav-principal-base= webdav-add-option= "
           "webdav-add-prop= webdav-add-collection-prop= webdav-add-object-prop= webdav-add-prop-href= "
           "webdav-add-collection-prop-href= webdav-add-object-prop-href= webdav-add-prop-comp= "
           "webdav-add-collection-prop-comp= webdav-add-object-prop-comp= webdav-add-rtype-prop= "
           "webdav-add-rtype-collection-prop= webdav-add-rtype-object-prop= webdav-skip-prop= pty-socket= pty-log "
           "pty-input pty-connect= pty-uconnect= pty-no-isig pty-exec= psgi= psgi-enable-psgi-io perl-local-lib= "
           "perl-version perl-args= perl-arg= perl-exec= perl-exec-post-fork= perl-auto-reload= "
           "perl-auto-reload-ignore= plshell? plshell-oneshot perl-no-plack early-psgi= early-perl= early-perl-exec= "
           "coroae= rails= rack= ruby-gc-freq= rb-gc-freq= rb-lib= ruby-lib= rb-require= ruby-require= rbrequire= "
           "rubyrequire= require= shared-rb-require= shared-ruby-require= shared-rbrequire= shared-rubyrequire= "
           "shared-require= gemset= rvm= rvm-path= rbshell? rbshell-oneshot? rbthreads rb-threads ruby-threads fiber "
           "php-ini= php-config= php-ini-append= php-config-append= php-set= php-index= php-docroot= "
           "php-allowed-docroot= php-allowed-ext= php-allowed-script= php-server-software= php-app= php-app-qs= "
           "php-fallback= php-fallback2= php-fallback-qs= php-app-bypass= php-var= php-dump-config php-exec-before= "
           "php-exec-begin= php-exec-after= php-exec-end= php-sapi-name= early-php early-php-sapi-name= lua= lua-load= "
           "lua-shell luashell lua-shell-oneshot lua-gc-freq= lua-gc-full jvm-main-class= jvm-opt= jvm-class= "
           "jvm-classpath= jwsgi= ring-load= clojure-load= ring-app= mono-app= mono-gc-freq= mono-key= mono-version= "
           "mono-config= mono-assembly= mono-exec= mono-index= v8-load= v8-preemptive= v8-gc-freq= v8-module-path= "
           "v8-jsgi= go-load= gccgo-load= go-args= gccgo-args= goroutines= pypy-lib= pypy-setup= pypy-home= pypy-wsgi= "
           "pypy-wsgi-file= pypy-eval= pypy-eval-post-fork= pypy-exec= pypy-exec-post-fork= pypy-pp= pypy-python-path= "
           "pypy-paste= pypy-ini-paste= xslt-docroot= xslt-ext= xslt-var= xslt-stylesheet= xslt-content-type= erlang= "
           "erlang-cookie= cffi-home= cffi-init= cffi-eval= cffi-exec="},
    // No emperor, no zerg
    Listed{
        Answer::kNotSupported, "there is no emperor: no vassals are started; each instance is a service of its own",
        "emperor= emperor-proxy-socket= emperor-wrapper~ emperor-wrapper-override~ emperor-wrapper-fallback~ "
        "emperor-nofollow emperor-procname= emperor-freq= emperor-required-heartbeat= emperor-curse-tolerance= "
        "emperor-pidfile= emperor-tyrant emperor-tyrant-nofollow emperor-stats= emperor-stats-server>emperor-stats "
        "early-emperor emperor-broodlord= emperor-throttle= emperor-max-throttle= emperor-magic-exec "
        "emperor-on-demand-extension= emperor-on-demand-ext>emperor-on-demand-extension emperor-on-demand-directory= "
        "emperor-on-demand-dir>emperor-on-demand-directory emperor-on-demand-exec= emperor-extra-extension= "
        "emperor-extra-ext>emperor-extra-extension emperor-no-blacklist emperor-use-clone= emperor-graceful-shutdown "
        "imperial-monitor-list imperial-monitors-list>imperial-monitor-list vassals-inherit= vassals-include= "
        "vassals-inherit-before= vassals-include-before= vassals-start-hook~ vassals-stop-hook~ vassal-sos= "
        "vassal-sos-backlog= vassals-set= vassal-set>vassals-set heartbeat= force-gateway hook-emperor-start~ "
        "hook-emperor-stop~ hook-emperor-reload~ hook-emperor-lost~ hook-as-vassal~ hook-as-emperor~ exec-as-vassal~ "
        "exec-as-emperor~ mount-as-vassal= mount-as-emperor= umount-as-vassal= umount-as-emperor= call-as-vassal~ "
        "call-as-vassal1~ call-as-vassal3~ call-as-emperor~ call-as-emperor1~ call-as-emperor2~ call-as-emperor4~ "
        "weight= auto-weight= forkbomb-delay= zerg= zerg-fallback zerg-server= emperor-cap= vassals-cap>emperor-cap "
        "vassal-cap>emperor-cap"},
    // Cache, queue
    Listed{Answer::kNotSupported,
           "caches are asked for by cache2, and nothing but the application reads them; uwsgi.queue_* raises an error",
           "cache-blocksize= cache-store= cache-store-sync= cache-no-expire cache-expire-freq= "
           "cache-report-freed-items cache-udp-server= cache-udp-node= cache-sync= cache-use-last-modified "
           "add-cache-item= load-file-in-cache= load-file-in-cache-gzip= queue= queue-blocksize= queue-store= "
           "queue-store-sync= check-cache?"},
    // Jails and start
    Listed{
        Answer::kNotSupported, "the process does not do this at its start: use the service manager",
        "pivot-root= pivot_root>pivot-root no-initgroups unshare= unshare2= setns-socket= setns-socket-skip= "
        "setns-skip>setns-socket-skip setns= setns-preopen jailed refork re-fork>refork refork-as-root "
        "re-fork-as-root>refork-as-root refork-post-jail re-fork-post-jail>refork-post-jail hook-as-gateway~ "
        "after-request-hook~ after-request-call>after-request-hook "
        "mount-asap= "
        "mount-pre-jail= mount-post-jail= mount-in-jail= mount-as-root= umount-asap= umount-pre-jail= "
        "umount-post-jail= umount-in-jail= umount-as-root= wait-for-interface= wait-interface>wait-for-interface "
        "wait-for-iface>wait-for-interface wait-iface>wait-for-interface wait-for-interface-timeout= "
        "wait-interface-timeout>wait-for-interface-timeout wait-for-iface-timeout>wait-for-interface-timeout "
        "wait-iface-timeout>wait-for-interface-timeout wait-for-fs= wait-for-file= wait-for-dir= "
        "wait-for-mountpoint= wait-for-fs-timeout= wait-for-socket= wait-for-socket-timeout= call-asap~ "
        "call-pre-jail~ call-post-jail~ call-in-jail~ call-as-root~ call-as-user~ call-as-user-atexit~ call-pre-app~ "
        "call-post-app~ check-mountpoint= mountpoint-check>check-mountpoint check-mount>check-mountpoint "
        "mount-check>check-mountpoint propagate-touch privileged-binary-patch= unprivileged-binary-patch= "
        "privileged-binary-patch-arg= unprivileged-binary-patch-arg= master-as-root drop-after-init drop-after-apps "
        "binsh= cgroup= cgroup-opt= cgroup-dir-mode= namespace= ns>namespace namespace-keep-mount= namespace-net= "
        "ns-net>namespace-net cap= pam= pam-user= ldap= ldap-schema ldap-schema-ldif"},
    // No routers and subscriptions
    Listed{
        Answer::kNotSupported, "no requests are forwarded to other servers",
        "subscription-notify-socket= subscriptions-sign-check= subscriptions-sign-check-tolerance= "
        "subscriptions-sign-skip-uid= subscriptions-credentials-check= subscriptions-use-credentials "
        "subscription-algo= subscription-dotsplit subscribe-to= st>subscribe-to subscribe>subscribe-to subscribe2= "
        "subscribe-freq= subscription-tolerance= unsubscribe-on-graceful-reload start-unsubscribed "
        "subscribe-with-modifier1= sni= sni-dir= sni-dir-ciphers= fastrouter= fastrouter-processes= "
        "fastrouter-workers>fastrouter-processes fastrouter-zerg= fastrouter-use-cache? fastrouter-use-pattern= "
        "fastrouter-use-base= fastrouter-fallback= http-fallback>fastrouter-fallback "
        "rawrouter-fallback>fastrouter-fallback sslrouter-fallback>fastrouter-fallback "
        "forkptyrouter-fallback>fastrouter-fallback fastrouter-use-code-string= fastrouter-use-socket? "
        "http-use-socket>fastrouter-use-socket rawrouter-use-socket>fastrouter-use-socket "
        "sslrouter-use-socket>fastrouter-use-socket fastrouter-to= rawrouter-to>fastrouter-to "
        "sslrouter-to>fastrouter-to fastrouter-gracetime= http-gracetime>fastrouter-gracetime "
        "rawrouter-gracetime>fastrouter-gracetime sslrouter-gracetime>fastrouter-gracetime fastrouter-events= "
        "rawrouter-events>fastrouter-events sslrouter-events>fastrouter-events fastrouter-quiet= "
        "http-quiet>fastrouter-quiet rawrouter-quiet>fastrouter-quiet sslrouter-quiet>fastrouter-quiet "
        "fastrouter-cheap fastrouter-subscription-server= fastrouter-subscription-slot= fastrouter-timeout= "
        "fastrouter-post-buffering= fastrouter-post-buffering-dir= fastrouter-stats= "
        "fastrouter-stats-server>fastrouter-stats fastrouter-ss>fastrouter-stats fastrouter-harakiri= "
        "fastrouter-uid= fastrouter-gid= fastrouter-resubscribe= http-resubscribe>fastrouter-resubscribe "
        "fastrouter-resubscribe-bind= fastrouter-buffer-size= http-buffer-size>fastrouter-buffer-size "
        "rawrouter-buffer-size>fastrouter-buffer-size sslrouter-buffer-size>fastrouter-buffer-size "
        "fastrouter-fallback-on-no-key fastrouter-subscription-fallback-key= http-var= http-to= http-zerg= "
        "http-modifier1= http-modifier2= http-use-cache? http-use-pattern= http-use-base= http-subscription-server= "
        "http-subscription-fallback-key= http-use-code-string= http-cheap http-stats= http-stats-server>http-stats "
        "http-ss>http-stats http-harakiri= http-stud-prefix= http-uid= http-gid= http-server-name-as-http-host= "
        "http-connect-timeout= http-manage-source http-manage-rtsp zergpool= zerg-pool>zergpool rawrouter= "
        "rawrouter-processes= rawrouter-workers>rawrouter-processes rawrouter-zerg= rawrouter-use-cache? "
        "rawrouter-use-pattern= rawrouter-use-base= rawrouter-use-code-string= rawrouter-max-retries= "
        "sslrouter-max-retries>rawrouter-max-retries rawrouter-cheap rawrouter-subscription-server= "
        "rawrouter-subscription-slot= rawrouter-timeout= rawrouter-stats= rawrouter-stats-server>rawrouter-stats "
        "rawrouter-ss>rawrouter-stats rawrouter-harakiri= rawrouter-xclient sslrouter= sslrouter2= "
        "sslrouter-processes= sslrouter-workers>sslrouter-processes sslrouter-zerg= sslrouter-use-cache? "
        "sslrouter-use-pattern= sslrouter-use-base= sslrouter-use-code-string= sslrouter-cheap "
        "sslrouter-subscription-server= sslrouter-timeout= sslrouter-stats= sslrouter-stats-server>sslrouter-stats "
        "sslrouter-ss>sslrouter-stats sslrouter-harakiri= sslrouter-sni sni-regexp= forkptyrouter= "
        "forkpty-router>forkptyrouter forkptyurouter>forkptyrouter forkpty-urouter>forkptyrouter "
        "forkptyrouter-command= forkpty-router-command>forkptyrouter-command forkptyrouter-cmd>forkptyrouter-command "
        "forkpty-router-cmd>forkptyrouter-command forkptyrouter-rows= forkptyrouter-cols= forkptyrouter-processes= "
        "forkptyrouter-workers>forkptyrouter-processes forkptyrouter-zerg= forkptyrouter-events= forkptyrouter-cheap "
        "forkptyrouter-timeout= forkptyrouter-stats= forkptyrouter-stats-server>forkptyrouter-stats "
        "forkptyrouter-ss>forkptyrouter-stats forkptyrouter-harakiri= tuntap-router= tuntap-device= "
        "tuntap-use-credentials? tuntap-router-firewall-in= tuntap-router-firewall-out>tuntap-router-firewall-in "
        "tuntap-router-route= tuntap-router-stats= tuntap-device-rule="},
    // No legion
    Listed{Answer::kNotSupported, "there is no legion: nothing is decided between several machines",
           "legion= legion-mcast= legion-node= legion-freq= legion-tolerance= legion-death-on-lord-error= "
           "legion-skew-tolerance= legion-lord= legion-unlord= legion-setup= legion-death= legion-join= "
           "legion-node-joined= legion-node-left= legion-quorum= legion-scroll= legion-scroll-max-size= "
           "legion-scroll-list-max-size= legion-cron~ cron-legion>legion-cron unique-legion-cron~ "
           "unique-cron-legion>unique-legion-cron legion-attach-daemon~ legion-smart-attach-daemon~ "
           "legion-smart-attach-daemon2~ curl-cron~ legion-curl-cron= curl-cron-legion~"},
    // Other loops
    Listed{Answer::kNotSupported, "requests run in processes, threads and greenlets of gevent",
           "loop-list loops-list>loop-list ugreen ugreen-stacksize= asyncio= greenlet tornado= stackless"},
    // Logs
    Listed{Answer::kNotSupported, "the log stays where and as it is",
           "log-socket= logger-list loggers-list>logger-list "
           "clock= clock-list clocks-list>clock-list rsyslog-packet-size= "
           "rsyslog-split-messages log-zeromq="},
    // Other ways to an application
    Listed{
        Answer::kNotSupported, "applications are found by module or wsgi-file, and called as WSGI says",
        "worker-mount= eval~ test= pymodule-alias= post-pymodule-alias= shared-import= shared-pyimport>shared-import "
        "shared-py-import>shared-import shared-python-import>shared-import pecan= paste= paste-logger web3= pump= "
        "wsgi-lite= ini-paste= ini-paste-logged= reload-os-env no-site pyshell? pyshell-oneshot? py~ pyrun~ "
        "wsgi-env-behaviour= wsgi-env-behavior>wsgi-env-behaviour start_response-nodelay wsgi-strict python-version "
        "python-raw="},
    // Virtual hosts
    Listed{Answer::kNotSupported, "there is one application: the host name chooses nothing", "vhost vhost-host"},
    // Routing
    Listed{
        Answer::kNotSupported, "the rule is not applied",
        "error-page-403= error-page-404= error-page-500= collect-header= response-header-collect>collect-header "
        "pull-header= pcre-jit final-route~ final-route-status~ final-route-host~ final-route-uri~ final-route-qs~ "
        "final-route-remote-addr~ final-route-user-agent~ final-route-remote-user~ final-route-referer~ "
        "final-route-label~ final-route-if~ final-route-if-not~ final-route-run~ error-route~ error-route-status~ "
        "error-route-host~ error-route-uri~ error-route-qs~ error-route-remote-addr~ error-route-user-agent~ "
        "error-route-remote-user~ error-route-referer~ error-route-label~ error-route-if~ error-route-if-not~ "
        "error-route-run~ response-route~ response-route-status~ response-route-host~ response-route-uri~ "
        "response-route-qs~ response-route-remote-addr~ response-route-user-agent~ response-route-remote-user~ "
        "response-route-referer~ response-route-label~ response-route-if~ response-route-if-not~ response-route-run~ "
        "router-list routers-list>router-list"},
    // WebSockets
    Listed{Answer::kNotSupported, "WebSocket connections are not served: the application sees a plain request",
           "websockets-ping-freq= websocket-ping-freq>websockets-ping-freq websockets-pong-tolerance= "
           "websocket-pong-tolerance>websockets-pong-tolerance websockets-max-size= "
           "websocket-max-size>websockets-max-size http-websockets"},
    // Compression
    Listed{Answer::kNotSupported, "answers are sent as the application made them", "http-auto-gzip"},
    // The rest
    Listed{
        Answer::kNotSupported, "nothing happens",
        "no-fd-passing flock= flock-wait= flock2= flock-wait2= ignore-script-name exception-handler= check-interval= "
        "disable-sendfile mode= file-write= python= geoip-country= geoip-city= geoip-use-disk gridfs-mount= "
        "gridfs-debug glusterfs-mount= glusterfs-timeout= rados-mount= rados-timeout= sqlite3= sqlite="},
};

}  // namespace

Family not_supported_options() { return {{}, kLists}; }

}  // namespace tierce::config::uwsgi
