// nginx's main file outside http: processes, events, logs, and what may stand anywhere. The rules are those
// of nginx 1.22, asked from the program itself (tests/integration/test_nginx_directives.py asks it again).
#include <array>

#include "config/nginx/directive_rows.h"

namespace tierce::config::nginx {
namespace {

using enum Context;

constexpr auto kRows = std::to_array<Directive>({
    {"accept_mutex", only(kEvents), words(1), Value::kFlag},
    {"accept_mutex_delay", only(kEvents), words(1), Value::kMilliseconds},
    {"daemon", only(kMain), words(1), Value::kFlag},
    {"debug_connection", only(kEvents), words(1)},
    {"debug_points", only(kMain), words(1)},
    {"env", only(kMain), words(1)},
    {"epoll_events", only(kEvents), words(1), Value::kNumber},
    {"events", only(kMain), words(0), Value::kAny, Block::kDirectives, only(kEvents)},
    {"http", only(kMain), words(0), Value::kAny, Block::kDirectives, only(kHttp)},
    {"load_module", only(kMain), words(1)},
    {"lock_file", only(kMain), words(1), Value::kOnce},
    {"master_process", only(kMain), words(1), Value::kFlag},
    {"multi_accept", only(kEvents), words(1), Value::kFlag},
    {"pcre_jit", only(kMain), words(1), Value::kFlag},
    {"pid", only(kMain), words(1), Value::kOnce},
    {"ssl_engine", only(kMain), words(1)},
    {"thread_pool", only(kMain), words(2) | words(3)},
    {"timer_resolution", only(kMain), words(1), Value::kMilliseconds},
    {"use", only(kEvents), words(1)},
    {"user", only(kMain), words(1) | words(2)},
    {"worker_aio_requests", only(kEvents), words(1), Value::kNumber},
    {"worker_connections", only(kEvents), words(1), Value::kOnce},
    {"worker_cpu_affinity", only(kMain), words_from(1), Value::kOnce},
    {"worker_priority", only(kMain), words(1), Value::kOnce},
    {"worker_processes", only(kMain), words(1), Value::kOnce},
    {"worker_rlimit_core", only(kMain), words(1), Value::kOffset},
    {"worker_rlimit_nofile", only(kMain), words(1), Value::kNumber},
    {"worker_shutdown_timeout", only(kMain), words(1), Value::kMilliseconds},
    {"working_directory", only(kMain), words(1), Value::kOnce},
});

}  // namespace

std::span<const Directive> core_directives() { return kRows; }

}  // namespace tierce::config::nginx
