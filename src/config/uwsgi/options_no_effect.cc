// Options that need not be obeyed: what they are for is always so here, or nothing needs it.
#include <array>

#include "config/uwsgi/option.h"

namespace tierce::config::uwsgi {
namespace {

constexpr std::array kLists = {
    Listed{Answer::kNoEffect, "the edge accepts for all workers: there is no accept() to serialise",
           "thunder-lock map-socket= no-defer-accept lock-engine= ftok= persistent-ipcsem"},
    Listed{Answer::kNoEffect, "the application always has its own interpreter, with threads",
           "enable-threads single-interpreter no-threads-wait"},
    Listed{Answer::kNoEffect, "a worker ends when the greenlets that run requests have ended", "gevent-wait-for-hub"},
    Listed{Answer::kNoEffect, "there is always a supervisor",
           "master no-server command-mode close-on-exec close-on-exec2"},
    Listed{Answer::kNoEffect, "an application that cannot be imported always ends the start",
           "need-app? no-default-app"},
    Listed{Answer::kNoEffect, "SIGTERM always stops gracefully", "die-on-term exit-on-reload"},
    Listed{Answer::kNoEffect, "unix sockets and the pid file are always removed at the end", "vacuum"},
    Listed{Answer::kNoEffect, "edge and workers always end with the supervisor", "no-orphans"},
    Listed{Answer::kNoEffect,
           "the edge owns the connections: a client that goes away raises nothing in the application",
           "ignore-sigpipe ignore-write-errors write-errors-tolerance= write-errors-exception-only "
           "disable-write-exception"},
    Listed{Answer::kNoEffect, "the Python stack of a request that is stopped is always logged", "harakiri-verbose"},
    Listed{Answer::kNoEffect, "HTTP/1.1 answers of unknown length are always chunked, and chunked bodies are read",
           "http-auto-chunked http-chunked-input chunked-input-limit= chunked-input-timeout= http-raw-body "
           "http-manage-expect?"},
    Listed{Answer::kNoEffect, "bodies are always read to their end before the connection is used again",
           "post-buffering-bufsize= body-read-warning= wsgi-accept-buffer wsgi-accept-buffers>wsgi-accept-buffer"},
    Listed{Answer::kNoEffect, "the log has one writer: the edge and the supervisor write it for the workers",
           "log-master log-master-bufsize~ log-master-stream log-master-req-stream threaded-logger use-abort"},
    Listed{Answer::kNoEffect, "sizes of uWSGI's own tables, which are not needed",
           "max-vars= max-apps= signal-bufsize= signals-bufsize>signal-bufsize response-headers-limit= http-events="},
    Listed{
        Answer::kNoEffect, "what the option needs is built in",
        "plugin= need-plugin>plugin plugins>plugin need-plugins>plugin plugins-dir= plugin-dir>plugins-dir autoload"},
    Listed{Answer::kNoEffect, "files are always sent by the kernel where it can",
           "offload-threads= offload-thread>offload-threads"},
    Listed{Answer::kNoEffect, "the workers are forked after the import, and Python is told",
           "py-call-osafterfork py-call-uwsgi-fork-hooks"},
    Listed{Answer::kNoEffect, "exceptions of the application are always logged and answered 500", "catch-exceptions"},
    Listed{Answer::kNoEffect, "the file descriptors 0, 1 and 2 are never taken for sockets", "skip-zero"},
};

}  // namespace

Family no_effect_options() { return {{}, kLists}; }

}  // namespace tierce::config::uwsgi
