// Processes, events and logs of the whole program.
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <array>

#include "config/nginx/log_words.h"
#include "config/nginx/setting.h"

namespace tierce::config::nginx {
namespace {

using M = MainSettings;

Done user(Interpreter&, Level& level, const Node& node) {
  if (!level.main->user.empty()) return fail("\"user\" directive is duplicate");
  const std::string& name = node.words[1];
  const std::string& group = node.words.back();
  level.main->user = {name, group};  // Also where only another machine knows them, for those who go on behind errors.
  if (::getpwnam(name.c_str()) == nullptr) return fail(Error(fmt::format("getpwnam(\"{}\") failed", name)));
  if (::getgrnam(group.c_str()) == nullptr) return fail(Error(fmt::format("getgrnam(\"{}\") failed", group)));
  return {};
}

Done worker_processes(Interpreter&, Level& level, const Node& node) {
  if (node.words[1] != "auto" && !parse_number(node.words[1]))
    return fail("\"worker_processes\" directive invalid value");
  level.main->worker_processes = node.words[1];
  return {};
}

Done worker_connections(Interpreter&, Level& level, const Node& node) {
  const auto count = parse_number(node.words[1]);
  if (!count) return fail(Error(fmt::format("invalid number \"{}\"", node.words[1])));
  if (*count == 0) return fail("0 worker_connections are not enough for any listening socket");
  level.main->worker_connections = node.words[1];
  return {};
}

Done worker_priority(Interpreter&, Level& level, const Node& node) {
  std::string_view text = node.words[1];
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (!parse_number(text)) return fail("\"worker_priority\" directive invalid number");
  level.main->worker_priority = node.words[1];
  return {};
}

Done worker_cpu_affinity(Interpreter&, Level& level, const Node& node) {
  std::size_t first = 1;
  if (node.words[1] == "auto") {
    if (node.words.size() > 3) return fail("invalid number of arguments in \"worker_cpu_affinity\" directive");
    first = 2;
  }
  for (std::size_t i = first; i < node.words.size(); ++i) {
    const std::size_t bad = node.words[i].find_first_not_of("01 ");
    if (bad != std::string::npos)
      return fail(Error(fmt::format("invalid character \"{}\" in \"worker_cpu_affinity\"", node.words[i].substr(bad))));
  }
  level.main->worker_cpu_affinity.assign(node.words.begin() + 1, node.words.end());
  return {};
}

Done use(Interpreter&, Level& level, const Node& node) {
  const std::string& method = node.words[1];
  if (level.main->use) return fail("\"use\" directive is duplicate");
  if (method != "epoll") return fail(Error(fmt::format("invalid event type \"{}\"", method)));
  level.main->use = method;
  return {};
}

Done env(Interpreter&, Level& level, const Node& node) {
  level.main->environment.push_back(node.words[1]);
  return {};
}

Done error_log(Interpreter&, Level& level, const Node& node) { return take_error_log(node, level.main->error_logs); }

Done debug_connection(Interpreter&, Level&, const Node& node) {
  // Names are not looked up for what has no effect; a mask that does not fit is none of a name.
  if (const std::string& who = node.words[1]; who.find('/') != std::string::npos && !is_network(who))
    return fail(host_not_found(node.words[0], who));
  return {};
}

Done load_module(Interpreter& in, Level&, const Node&) {
  if (in.model().has_events || in.model().has_http) return fail("\"load_module\" directive is specified too late");
  return {};
}

Done thread_pool(Interpreter&, Level& level, const Node& node) {
  const std::string& name = node.words[1];
  std::vector<std::string>& pools = level.main->thread_pools;
  if (std::find(pools.begin(), pools.end(), name) != pools.end())
    return fail(Error(fmt::format("duplicate thread pool \"{}\"", name)));
  pools.push_back(name);
  bool sized = false;
  for (std::size_t i = 2; i < node.words.size(); ++i) {
    const std::string_view word = node.words[i];
    if (word.starts_with("threads=")) {
      if (parse_number(word.substr(8)).value_or(0) == 0)
        return fail(Error(fmt::format("invalid threads value \"{}\"", word)));
      sized = true;
    } else if (word.starts_with("max_queue=") && !parse_number(word.substr(10))) {
      return fail(Error(fmt::format("invalid max_queue value \"{}\"", word)));
    }
  }
  if (!sized) return fail("\"thread_pool\" must have \"threads\" parameter");
  return {};
}

Meaning no_effect(std::string name, std::string why) {
  return {.name = std::move(name), .help = std::move(why), .answer = Answer::kNoEffect};
}

// What stands in the same file for the other roles.
Done of_others(Interpreter&, Level&, const Node&) { return {}; }

}  // namespace

Meanings main_meanings() {
  return {
      {.name = "app", .help = "An application, in uWSGI's options: for `tierce up`.", .apply = of_others},
      {.name = "program",
       .help = "A program to keep alive, in supervisor's keys: for `tierce up`.",
       .apply = of_others},
      {.name = "group", .help = "Programs that are one group: for `tierce up`.", .apply = of_others},
      {.name = "eventlistener", .help = "A listener to supervisor's events: for `tierce up`.", .apply = of_others},
      {.name = "supervisord", .help = "The section of that name: for `tierce up`.", .apply = of_others},
      {.name = "unix_http_server", .help = "The section of that name: for `tierce up`.", .apply = of_others},
      {.name = "inet_http_server", .help = "The section of that name: for `tierce up`.", .apply = of_others},
      {.name = "http", .help = "Everything about HTTP.", .apply = http_block},
      {.name = "events", .help = "How connections are waited for.", .apply = events_block},
      {.name = "user",
       .help = "Who the edge runs as, and its group.",
       .apply = user,
       .fallback = std::string(kUserOtherwise)},
      {.name = "env", .help = "A variable of the environment that is kept.", .apply = env},
      {.name = "error_log",
       .help = "Where errors are written, from which level on.",
       .apply = error_log,
       .fallback = "/var/log/nginx/error.log error"},
      setting<&M::worker_processes>("worker_processes", worker_processes, "1",
                                    "How many processes or threads serve: a number or auto."),
      setting<&M::worker_connections>("worker_connections", worker_connections, "512",
                                      "How many connections one of them holds."),
      setting<&M::worker_priority>("worker_priority", worker_priority, "", "The nice value."),
      setting<&M::worker_cpu_affinity>("worker_cpu_affinity", worker_cpu_affinity, "", "The processors each runs on."),
      setting<&M::worker_rlimit_nofile>("worker_rlimit_nofile", "", "How many files each may open."),
      setting<&M::worker_rlimit_core>("worker_rlimit_core", "", "The largest core file."),
      setting<&M::worker_shutdown_timeout>("worker_shutdown_timeout", "",
                                           "How long old connections may last when it ends."),
      setting<&M::working_directory>("working_directory", "", "Where core files go."),
      setting<&M::pid>("pid", "/run/nginx.pid", "The file with the number of the process."),
      setting<&M::daemon>("daemon", "", "Whether it goes to the background."),
      setting<&M::use>("use", use, "", "epoll is used, whatever is said."),
      no_effect("lock_file", "no lock is needed"),
      no_effect("master_process", "there is always a supervisor"),
      no_effect("accept_mutex", "connections are spread by the kernel"),
      no_effect("accept_mutex_delay", "connections are spread by the kernel"),
      no_effect("multi_accept", "all waiting connections are taken at once"),
      no_effect("worker_aio_requests", "files are not read by aio"),
      no_effect("epoll_events", "a batch has the size that suits the edge"),
      no_effect("pcre_jit", "expressions are always compiled"),
      no_effect("timer_resolution", "the clock is read once a turn"),
      {.name = "thread_pool",
       .help = "files are read without threads of their own",
       .answer = Answer::kNoEffect,
       .apply = thread_pool},
      {.name = "debug_connection",
       .help = "there is no log of single steps",
       .answer = Answer::kNoEffect,
       .apply = debug_connection},
      no_effect("ssl_engine", "OpenSSL's own file (openssl.cnf) says where keys and ciphers come from"),
      no_effect("debug_points", "there are none"),
      {.name = "load_module",
       .help = "what tierce has of a module is built in",
       .answer = Answer::kNoEffect,
       .apply = load_module},
  };
}

}  // namespace tierce::config::nginx
