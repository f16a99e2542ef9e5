#include "config/gunicorn_settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <utility>

#include "config/access_log_format.h"

namespace tierce::config {
namespace {

using std::string_view;
using Done = Result<void>;
using S = RunSettings;
using V = GunicornValues;
using enum Answer;

constexpr std::uint64_t kMany = 1u << 30;
// What one request head may be in all: it has to fit into a slot of the gateway.
constexpr std::uint32_t kHeadBytesMax = 32768;
// Gunicorn's own ceilings (MAX_REQUEST_LINE, and as many fields as we can be told).
constexpr std::uint64_t kLineBytesMax = 8190;
constexpr std::uint64_t kFieldsMax = 1024;

// The user's Python has checked that it is one; a number beyond 64 bits is as good as the largest.
std::uint64_t number(const V& v, string_view name) {
  const string_view text = v.text(name);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc::result_out_of_range ? UINT64_MAX : value;
}

template <typename T>
Done bounded(T& into, const V& v, string_view name, std::uint64_t least, std::uint64_t most) {
  const std::uint64_t value = number(v, name);
  if (value < least || value > most) return fail(Error(fmt::format("{} is outside {}..{}", value, least, most)));
  into = static_cast<T>(value);
  return {};
}

Done seconds(std::chrono::milliseconds& into, const V& v, string_view name) {
  into = std::chrono::seconds(std::min<std::uint64_t>(number(v, name), 31'536'000));
  return {};
}

Done text(std::string& into, const V& v, string_view name) {
  into = v.text(name);
  return {};
}

// "gunicorn.workers.gthread.ThreadWorker", "egg:gunicorn#gthread" and "gthread" are one.
string_view short_class(string_view name) {
  constexpr string_view kEgg = "egg:gunicorn#";
  if (name.starts_with(kEgg)) return name.substr(kEgg.size());
  if (name == "gunicorn.workers.sync.SyncWorker") return "sync";
  if (name == "gunicorn.workers.gthread.ThreadWorker") return "gthread";
  for (string_view gevent : {"gunicorn.workers.ggevent.GeventWorker", "gunicorn.workers.ggevent.GeventPyWSGIWorker",
                             "gevent_wsgi", "gevent_pywsgi"}) {
    if (name == gevent) return "gevent";
  }
  return name;
}

std::string lower(string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

Done worker_class(S& settings, const V& v) {
  const string_view given = v.text("worker_class"), name = short_class(given);
  if (name == "sync" || name == "gthread") return {};
  if (name == "gevent") {
    settings.in_greenlets = true;
    return {};
  }
  for (const char* asgi : {"asgi", "uvicorn", "hypercorn", "aiohttp", "daphne", "sanic"}) {
    if (lower(name).find(asgi) != std::string::npos) {
      return fail(Error(fmt::format("{} is an ASGI worker, and tierce serves WSGI applications (PEP 3333)", given)));
    }
  }
  for (const char* green : {"eventlet", "tornado", "meinheld"}) {
    if (name.find(green) != string_view::npos) {
      return fail(Error(fmt::format(
          "{} is not supported; gevent, and gthread with as many threads as requests may wait, are", given)));
    }
  }
  return fail(Error(fmt::format("{} is a worker class of its own; sync, gthread and gevent are supported", given)));
}

// More of them wait in the edge than in a worker.
Done worker_connections(S& settings, const V& v) {
  if (!settings.in_greenlets) return {};
  if (number(v, "worker_connections") == 0) return fail(Error("0 is outside 1..4000"));
  settings.greenlets =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(number(v, "worker_connections"), kGreenletsMax));
  return {};
}

Done user_or_group(std::string& into, const V& v, string_view name, std::uint64_t current) {
  // Gunicorn's default is the user that starts it: then nothing is changed.
  into = number(v, name) == current ? "" : v.text(name);
  return {};
}

Done tls_text(S& s, const V& v, string_view name, std::string TlsSettings::*into) {
  if (const string_view given = v.text(name); !given.empty()) tls_of(s).*into = given;
  return {};
}

// Gunicorn finds out with the first request, and goes on with a traceback for each line.
Done access_log_format(S& s, const V& v) {
  constexpr string_view kName = "access_log_format";
  const string_view format = v.text(kName);
  if (const auto parsed = AccessLogFormat::parse(format); parsed) {
    s.edge.access_log_format = format;
  } else {
    s.warnings.push_back(
        fmt::format("{}: {}: {}: the default is written instead", v.place(kName), kName, parsed.error().text()));
  }
  return {};
}

Done none_is_off(std::string& into, const V& v, string_view name) { return text(into, v, name); }

void listed(string_view names, const std::function<void(string_view)>& each) {
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(','), names.size());
    each(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
}

constexpr string_view kOwnTls =
    "the edge speaks TLS, and not Python's ssl module: certfile, keyfile, ca_certs, cert_reqs and ciphers say how";
constexpr string_view kNoPythonTls = "the edge speaks TLS, and not Python's ssl module";
constexpr string_view kHttp2 = "HTTP/2 is not supported: clients are answered in HTTP/1.1";
constexpr string_view kWithHttp2 = "belongs to HTTP/2, which is not supported";
constexpr string_view kDirty = "there are no dirty arbiters here: the application cannot call them";
constexpr string_view kSyslog = "nothing is sent to syslog: the logs go where errorlog and accesslog say";
constexpr string_view kStatsd = "no metrics are sent to statsd";
constexpr string_view kAsgi = "for ASGI workers, which are refused";
constexpr string_view kStrict = "the edge stays strict, such requests are answered 400";
constexpr string_view kPaste = "PasteDeploy files are not read: name the application as MODULE:CALLABLE";
constexpr string_view kControl = "there is no control socket: gunicornc finds nothing to talk to";

const std::array kSettings = {
    // Config file
    GunicornSetting{"config", "-c,--config", "CONFIG", "string", "./gunicorn.conf.py", kHonoured, "",
                    "The configuration: a file, file:PATH or python:MODULE. Executed by the application's Python."},
    GunicornSetting{"wsgi_app", "", "STRING", "string", "None", kHonoured, "",
                    "The application, when the command line names none."},
    // Server socket
    GunicornSetting{"bind", "-b,--bind", "ADDRESS", "list", "['127.0.0.1:8000']", kHonoured, "",
                    "Listen here; may be given several times. HOST:PORT, :PORT, [V6]:PORT, unix:PATH or fd://N. With "
                    "the variable PORT set the default is 0.0.0.0:$PORT.",
                    [](S& s, const V& v) -> Done {
                      const auto all = v.list("bind");
                      s.binds.assign(all.begin(), all.end());
                      return {};
                    }},
    GunicornSetting{"backlog", "--backlog", "INT", "int", "2048", kHonoured, "",
                    "Connections the kernel keeps for us until they are accepted.",
                    [](S& s, const V& v) { return bounded(s.backlog, v, "backlog", 0, 1u << 20); }},
    // Worker processes
    GunicornSetting{"workers", "-w,--workers", "INT", "int", "1", kHonoured, "",
                    "Worker processes. The default is $WEB_CONCURRENCY where that is set.",
                    [](S& s, const V& v) { return bounded(s.workers, v, "workers", 1, 1024); }},
    GunicornSetting{"worker_class", "-k,--worker-class", "STRING", "class", "sync", kHonoured,
                    "sync, gthread, gevent (gevent_wsgi and gevent_pywsgi are the same); others are refused by name",
                    "What runs requests: sync (one at a time in each process), gthread (threads of them) or gevent "
                    "(greenlets of the application's gevent, the standard library patched before the import).",
                    worker_class},
    GunicornSetting{"threads", "--threads", "INT", "int", "1", kHonoured, "",
                    "Threads that run requests in each worker; more than one makes sync gthread.",
                    [](S& s, const V& v) { return bounded(s.threads, v, "threads", 1, 1024); }},
    GunicornSetting{"worker_connections", "--worker-connections", "INT", "int", "1000", kHonoured,
                    "for gevent: requests, at most 4000; idle connections are the edge's, as many as the limit of "
                    "open files allows",
                    "Most requests at once in one worker; more wait.", worker_connections},
    GunicornSetting{"max_requests", "--max-requests", "INT", "int", "0", kHonoured, "",
                    "A worker is replaced after this many requests. 0: never.",
                    [](S& s, const V& v) { return bounded(s.max_requests, v, "max_requests", 0, kMany); }},
    GunicornSetting{"max_requests_jitter", "--max-requests-jitter", "INT", "int", "0", kHonoured, "",
                    "Up to this many are added at random, so that workers do not restart together.",
                    [](S& s, const V& v) { return bounded(s.max_requests_jitter, v, "max_requests_jitter", 0, kMany); }},
    GunicornSetting{"timeout", "-t,--timeout", "INT", "int", "30", kHonoured,
                    "for each request, also with gthread, where Gunicorn looks only at the process; with gevent, as "
                    "there, a request may take long, but its worker is replaced when no other greenlet gets to run",
                    "A request whose application makes no progress for so many seconds is answered 504, its stack is "
                    "logged and its worker replaced. 0: never.",
                    [](S& s, const V& v) { return seconds(s.edge.request_timeout, v, "timeout"); }},
    GunicornSetting{"graceful_timeout", "--graceful-timeout", "INT", "int", "30", kHonoured, "",
                    "What running requests get to finish at a stop, a reload or a worker's end, in seconds.",
                    [](S& s, const V& v) { return seconds(s.edge.graceful_timeout, v, "graceful_timeout"); }},
    GunicornSetting{"keepalive", "--keep-alive", "INT", "int", "2", kHonoured,
                    "with sync too, where Gunicorn closes after every answer",
                    "Seconds a connection may stay idle between two requests. 0: closed after each.",
                    [](S& s, const V& v) -> Done {
                      s.edge.keepalive_requests = number(v, "keepalive") == 0 ? 1 : kMany;
                      return seconds(s.edge.keepalive_timeout, v, "keepalive");
                    }},
    // Security
    GunicornSetting{"limit_request_line", "--limit-request-line", "INT", "int", "4094", kHonoured,
                    "at least 64; 0 is 32768, as all of the head together",
                    "Longest request line in bytes; longer ones are answered 414.",
                    [](S& s, const V& v) -> Done {
                      const std::uint64_t bytes = number(v, "limit_request_line");
                      s.edge.request_line_bytes_max = static_cast<std::uint32_t>(
                          bytes == 0 ? kHeadBytesMax : std::clamp<std::uint64_t>(bytes, 64, kLineBytesMax));
                      return {};
                    }},
    GunicornSetting{"limit_request_fields", "--limit-request-fields", "INT", "int", "100", kHonoured,
                    "at most 1024", "Most header fields; more are answered 431.",
                    [](S& s, const V& v) -> Done {
                      s.edge.fields_max = static_cast<std::uint32_t>(
                          std::clamp<std::uint64_t>(number(v, "limit_request_fields"), 1, kFieldsMax));
                      return {};
                    }},
    GunicornSetting{"limit_request_field_size", "--limit-request-field_size", "INT", "int", "8190", kHonoured,
                    "at most 32768, which is also the limit of all of the head; 0 is that",
                    "Longest header field in bytes.",
                    [](S& s, const V& v) -> Done {
                      const std::uint64_t bytes = number(v, "limit_request_field_size");
                      s.edge.field_bytes_max = static_cast<std::uint32_t>(
                          bytes == 0 ? kHeadBytesMax : std::clamp<std::uint64_t>(bytes, 64, kHeadBytesMax));
                      return {};
                    }},
    // Debugging
    GunicornSetting{"reload", "--reload", "", "flag", "False", kHonoured,
                    "the application is imported once for all workers then, also without preload_app",
                    "Restart the workers when a source file of the application changes.",
                    [](S& s, const V& v) -> Done {
                      s.reload = v.on("reload");
                      return {};
                    }},
    GunicornSetting{"reload_engine", "--reload-engine", "STRING", "choice auto poll inotify", "auto", kNoEffect,
                    "files are watched with inotify", "How changes are noticed."},
    GunicornSetting{"reload_extra_files", "--reload-extra-file", "FILES", "files", "[]", kHonoured,
                    "patterns are expanded at each import", "Further files whose change makes the workers restart."},
    GunicornSetting{"spew", "--spew", "", "flag", "False", kUnsupported, "no line of the program is traced",
                    "Print every line that is executed."},
    GunicornSetting{"check_config", "--check-config", "", "flag", "False", kHonoured, "",
                    "Read the configuration, import the application, and say by the exit status whether that works."},
    GunicornSetting{"print_config", "--print-config", "", "flag", "False", kHonoured, "",
                    "Print all settings as they come out of all sources; implies --check-config."},
    // Server mechanics
    GunicornSetting{"preload_app", "--preload", "", "flag", "False", kHonoured, "",
                    "Import the application once and fork the workers from there; else each imports it itself.",
                    [](S& s, const V& v) -> Done {
                      s.lazy_apps = !v.on("preload_app") && !v.on("reload");
                      return {};
                    }},
    GunicornSetting{"sendfile", "--no-sendfile", "", "off", "None", kNoEffect,
                    "the edge sends files itself, whatever the worker would do", "Do not use sendfile()."},
    GunicornSetting{"reuse_port", "--reuse-port", "", "flag", "False", kNoEffect,
                    "one edge accepts for all workers, there is nothing to share between them",
                    "Set SO_REUSEPORT on the listening sockets."},
    GunicornSetting{"chdir", "--chdir", "CHDIR", "chdir", ".", kHonoured, "",
                    "Stand in this directory; it is the first of sys.path.",
                    [](S& s, const V& v) { return text(s.chdir, v, "chdir"); }},
    GunicornSetting{"daemon", "-D,--daemon", "", "flag", "False", kHonoured, "",
                    "Run in the background, detached from the terminal.",
                    [](S& s, const V& v) -> Done {
                      s.daemon = v.on("daemon");
                      return {};
                    }},
    GunicornSetting{"raw_env", "-e,--env", "ENV", "list", "[]", kHonoured, "",
                    "NAME=VALUE for the environment of the application; may be given several times."},
    GunicornSetting{"pidfile", "-p,--pid", "FILE", "string", "None", kHonoured, "",
                    "Write the supervisor's process id here.",
                    [](S& s, const V& v) { return text(s.pid_file, v, "pidfile"); }},
    GunicornSetting{"worker_tmp_dir", "--worker-tmp-dir", "DIR", "string", "None", kNoEffect,
                    "workers prove that they live by shared memory, not by a file",
                    "Where workers keep the file of their heartbeat."},
    GunicornSetting{"user", "-u,--user", "USER", "user", "0", kHonoured,
                    "the edge and the hooks of the arbiter run as this user too; without a group, in the group of the "
                    "user",
                    "Run the workers as this user (name or number); needs root.",
                    [](S& s, const V& v) { return user_or_group(s.user, v, "user", ::geteuid()); }},
    GunicornSetting{"group", "-g,--group", "GROUP", "group", "0", kHonoured, "",
                    "Run the workers as this group (name or number); needs root.",
                    [](S& s, const V& v) { return user_or_group(s.group, v, "group", ::getegid()); }},
    GunicornSetting{"umask", "-m,--umask", "INT", "octal", "0", kHonoured,
                    "for the unix sockets, as Gunicorn has it", "Mask of the modes of the files the server makes.",
                    [](S& s, const V& v) { return bounded(s.socket_umask, v, "umask", 0, 0777); }},
    GunicornSetting{"initgroups", "--initgroups", "", "flag", "False", kNoEffect,
                    "workers always have the groups of their user and no others",
                    "Give the workers all groups of their user."},
    GunicornSetting{"tmp_upload_dir", "", "DIR", "string", "None", kHonoured, "",
                    "Where bodies that do not fit in memory wait.",
                    [](S& s, const V& v) -> Done {
                      if (!v.text("tmp_upload_dir").empty()) s.edge.temp_dir = v.text("tmp_upload_dir");
                      return {};
                    }},
    GunicornSetting{"secure_scheme_headers", "", "", "dict",
                    "{'X-FORWARDED-PROTOCOL': 'ssl', 'X-FORWARDED-PROTO': 'https', 'X-FORWARDED-SSL': 'on'}",
                    kHonoured, "case is ignored; where they contradict each other it is http (Gunicorn: 400)",
                    "Which headers of a trusted proxy, with which values, mean that the client came by https.",
                    [](S& s, const V& v) -> Done {
                      s.edge.secure_scheme_headers.clear();
                      for (const std::string& item : v.list("secure_scheme_headers")) {
                        const std::string low = lower(item);
                        const std::size_t colon = low.find(": ");
                        if (colon == std::string::npos) continue;
                        s.edge.secure_scheme_headers.emplace_back(low.substr(0, colon), low.substr(colon + 2));
                      }
                      return {};
                    }},
    GunicornSetting{"forwarded_allow_ips", "--forwarded-allow-ips", "STRING", "addresses", "['127.0.0.1', '::1']",
                    kHonoured, "",
                    "Whose X-Forwarded-Proto is believed: addresses and networks separated by commas, '*' for "
                    "everybody. The default is $FORWARDED_ALLOW_IPS where that is set.",
                    [](S& s, const V& v) -> Done {
                      const auto all = v.list("forwarded_allow_ips");
                      s.edge.forwarded_allow_ips.assign(all.begin(), all.end());
                      return {};
                    }},
    // Logging
    GunicornSetting{"accesslog", "--access-logfile", "FILE", "string", "None", kHonoured, "",
                    "Access log; '-' is standard output.",
                    [](S& s, const V& v) { return none_is_off(s.edge.access_log, v, "accesslog"); }},
    GunicornSetting{"disable_redirect_access_to_syslog", "--disable-redirect-access-to-syslog", "", "flag", "False",
                    kNoEffect, "nothing is sent to syslog", "Keep the access log out of syslog."},
    GunicornSetting{"access_log_format", "--access-logformat", "STRING", "string",
                    R"(%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s")", kHonoured,
                    "of {name}e, what the edge knows too; unprintable characters are written as \\xHH",
                    "Format of the access log: the atoms h l u t r s m U q H b B f a T D M L p {name}i {name}o {name}e.",
                    [](S& s, const V& v) { return access_log_format(s, v); }},
    GunicornSetting{"errorlog", "--error-logfile,--log-file", "FILE", "string", "-", kHonoured, "",
                    "Error log; '-' is standard error.",
                    [](S& s, const V& v) -> Done {
                      s.edge.error_log = v.text("errorlog").empty() ? "-" : v.text("errorlog");
                      return {};
                    }},
    GunicornSetting{"loglevel", "--log-level", "LEVEL", "string", "info", kHonoured, "",
                    "debug, info, warning, error or critical.",
                    [](S& s, const V& v) -> Done {
                      // Gunicorn takes what it does not know for info.
                      s.edge.log_level = os::log_level_of(v.text("loglevel")).value_or(os::LogLevel::kInfo);
                      return {};
                    }},
    GunicornSetting{"capture_output", "--capture-output", "", "flag", "False", kHonoured, "",
                    "Send what the application prints to the error log file.",
                    [](S& s, const V& v) -> Done {
                      s.capture_output = v.on("capture_output");
                      return {};
                    }},
    GunicornSetting{"logger_class", "--logger-class", "STRING", "class", "gunicorn.glogging.Logger", kUnsupported,
                    "the logs are the server's own, the class is not used", "The class that writes the logs."},
    GunicornSetting{"logconfig", "--log-config", "FILE", "string", "None", kHonoured,
                    "for the loggers of Python, those of the application and the hooks; the server's own lines and the "
                    "access log stay as they are",
                    "Configuration file for Python's logging."},
    GunicornSetting{"logconfig_dict", "", "", "dict", "{}", kHonoured, "as logconfig",
                    "The same as a dictionary (logging.config.dictConfig)."},
    GunicornSetting{"logconfig_json", "--log-config-json", "FILE", "string", "None", kHonoured, "as logconfig",
                    "The same as a JSON file."},
    GunicornSetting{"syslog_addr", "--log-syslog-to", "SYSLOG_ADDR", "string", "udp://localhost:514", kNoEffect,
                    "nothing is sent to syslog", "Where syslog listens."},
    GunicornSetting{"syslog", "--log-syslog", "", "flag", "False", kUnsupported, kSyslog, "Send the logs to syslog."},
    GunicornSetting{"syslog_prefix", "--log-syslog-prefix", "SYSLOG_PREFIX", "string", "None", kNoEffect,
                    "nothing is sent to syslog", "Program name in syslog."},
    GunicornSetting{"syslog_facility", "--log-syslog-facility", "SYSLOG_FACILITY", "string", "user", kNoEffect,
                    "nothing is sent to syslog", "Facility in syslog."},
    GunicornSetting{"enable_stdio_inheritance", "-R,--enable-stdio-inheritance", "", "flag", "False", kHonoured, "",
                    "Keep standard output and error open in the background (with daemon).",
                    [](S& s, const V& v) -> Done {
                      s.daemon_keeps_stdio = v.on("enable_stdio_inheritance");
                      return {};
                    }},
    GunicornSetting{"statsd_host", "--statsd-host", "STATSD_ADDR", "statsd", "None", kUnsupported, kStatsd,
                    "Where statsd listens."},
    GunicornSetting{"dogstatsd_tags", "--dogstatsd-tags", "DOGSTATSD_TAGS", "string", "", kNoEffect, kStatsd,
                    "Tags of the metrics."},
    GunicornSetting{"statsd_prefix", "--statsd-prefix", "STATSD_PREFIX", "string", "", kNoEffect, kStatsd,
                    "Prefix of the metrics' names."},
    GunicornSetting{"enable_backlog_metric", "--enable-backlog-metric", "", "flag", "False", kNoEffect, kStatsd,
                    "Send the length of the backlog as a metric."},
    // Process naming
    GunicornSetting{"proc_name", "-n,--name", "STRING", "string", "None", kHonoured,
                    "in the log, and in the titles of the workers where the package setproctitle is installed",
                    "Name of this instance.", [](S& s, const V& v) { return text(s.name, v, "proc_name"); }},
    GunicornSetting{"default_proc_name", "", "", "string", "gunicorn", kHonoured, "set to the application's name",
                    "Name of the instance when proc_name gives none."},
    GunicornSetting{"pythonpath", "--pythonpath", "STRING", "string", "None", kHonoured, "",
                    "Further directories for sys.path, separated by commas."},
    GunicornSetting{"paste", "--paste,--paster", "STRING", "string", "None", kRefused, kPaste,
                    "The application is in a PasteDeploy file."},
    // Hooks
    GunicornSetting{"on_starting", "", "", "hook 1", "<OnStarting.on_starting()>", kHonoured, "",
                    "(arbiter): before anything else is done."},
    GunicornSetting{"on_reload", "", "", "hook 1", "<OnReload.on_reload()>", kHonoured,
                    "in the process that has imported the new code; also after a change that reload has seen",
                    "(arbiter): on SIGHUP."},
    GunicornSetting{"when_ready", "", "", "hook 1", "<WhenReady.when_ready()>", kHonoured, "",
                    "(arbiter): the sockets are open, no worker is forked yet."},
    GunicornSetting{"pre_fork", "", "", "hook 2", "<Prefork.pre_fork()>", kHonoured, "",
                    "(arbiter, worker): before each fork."},
    GunicornSetting{"post_fork", "", "", "hook 2", "<Postfork.post_fork()>", kHonoured, "",
                    "(arbiter, worker): in the worker, after the fork."},
    GunicornSetting{"post_worker_init", "", "", "hook 1", "<PostWorkerInit.post_worker_init()>", kHonoured, "",
                    "(worker): the application is imported."},
    GunicornSetting{"worker_int", "", "", "hook 1", "<WorkerInt.worker_int()>", kHonoured, "",
                    "(worker): it ends by SIGINT or SIGQUIT."},
    GunicornSetting{"worker_abort", "", "", "hook 1", "<WorkerAbort.worker_abort()>", kHonoured, "",
                    "(worker): a request of it is over its time."},
    GunicornSetting{"pre_exec", "", "", "hook 1", "<PreExec.pre_exec()>", kHonoured, "",
                    "(arbiter): USR2 starts another master."},
    GunicornSetting{"pre_request", "", "", "hook 2", "<PreRequest.pre_request()>", kHonoured, "",
                    "(worker, req): before each request."},
    GunicornSetting{"post_request", "", "", "post_request", "<PostRequest.post_request()>", kHonoured, "",
                    "(worker, req[, environ[, resp]]): after each request."},
    GunicornSetting{"child_exit", "", "", "hook 2", "<ChildExit.child_exit()>", kHonoured, "",
                    "(arbiter, worker): a worker has ended, seen from the arbiter."},
    GunicornSetting{"worker_exit", "", "", "hook 2", "<WorkerExit.worker_exit()>", kHonoured,
                    "not in a worker that has to be killed",
                    "(arbiter, worker): in the worker, at its end."},
    GunicornSetting{"nworkers_changed", "", "", "hook 3", "<NumWorkersChanged.nworkers_changed()>", kHonoured, "",
                    "(arbiter, new, old): the number of workers wanted has changed."},
    GunicornSetting{"on_exit", "", "", "hook 1", "<OnExit.on_exit()>", kHonoured, "",
                    "(arbiter): last, when all workers have ended."},
    GunicornSetting{"ssl_context", "", "", "hook 2", "<NewSSLContext.ssl_context()>", kUnsupported, kOwnTls,
                    "(config, default factory): makes the SSLContext."},
    // Server mechanics
    GunicornSetting{"proxy_protocol", "--proxy-protocol", "MODE", "proxy_protocol", "off", kHonoured,
                    "v1, v2 and auto all take both versions",
                    "Expect the PROXY protocol: off, v1, v2 or auto.",
                    [](S& s, const V& v) -> Done {
                      s.edge.proxy_protocol = v.text("proxy_protocol") != "off";
                      s.edge.proxy_header_required = false;
                      return {};
                    }},
    GunicornSetting{"proxy_allow_ips", "--proxy-allow-from", "PROXY_ALLOW_IPS", "addresses", "['127.0.0.1', '::1']",
                    kHonoured, "", "Who may send a PROXY header, and nobody else.",
                    [](S& s, const V& v) -> Done {
                      const auto all = v.list("proxy_allow_ips");
                      s.edge.proxy_allow_from.assign(all.begin(), all.end());
                      return {};
                    }},
    GunicornSetting{"protocol", "--protocol", "STRING", "string", "http", kRefused,
                    "only http is spoken on these sockets", "What is spoken: http or uwsgi."},
    GunicornSetting{"uwsgi_allow_ips", "--uwsgi-allow-from", "UWSGI_ALLOW_IPS", "addresses", "['127.0.0.1', '::1']",
                    kNoEffect, "belongs to protocol = uwsgi, which is refused", "Who may speak uwsgi."},
    // TLS
    GunicornSetting{"keyfile", "--keyfile", "FILE", "string", "None", kHonoured, "", "Key of the certificate.",
                    [](S& s, const V& v) { return tls_text(s, v, "keyfile", &TlsSettings::key); }},
    GunicornSetting{"certfile", "--certfile", "FILE", "string", "None", kHonoured, "HUP reads it again",
                    "Certificate, and its chain behind it: https is spoken at every address.",
                    [](S& s, const V& v) { return tls_text(s, v, "certfile", &TlsSettings::certificate); }},
    GunicornSetting{"ssl_version", "--ssl-version", "SSL_VERSION", "ssl_version", "2", kNoEffect,
                    "TLS 1.2 and 1.3 are spoken", "Deprecated by Gunicorn too."},
    GunicornSetting{"cert_reqs", "--cert-reqs", "CERT_REQS", "number", "0", kHonoured, "",
                    "Whether clients must show a certificate: 0 no, 1 they may, 2 they must.",
                    [](S& s, const V& v) -> Done {
                      std::uint32_t asked = 0;
                      if (auto done = bounded(asked, v, "cert_reqs", 0, 2); !done) return done;
                      if (asked != 0) tls_of(s).client = static_cast<ClientCertificate>(asked);
                      return {};
                    }},
    GunicornSetting{"ca_certs", "--ca-certs", "FILE", "string", "None", kHonoured, "",
                    "Certificates of the authorities for that.",
                    [](S& s, const V& v) { return tls_text(s, v, "ca_certs", &TlsSettings::authorities); }},
    GunicornSetting{"suppress_ragged_eofs", "--suppress-ragged-eofs", "", "flag", "True", kNoEffect, kNoPythonTls,
                    "As in Python's ssl module."},
    GunicornSetting{"do_handshake_on_connect", "--do-handshake-on-connect", "", "flag", "False", kNoEffect, kNoPythonTls,
                    "As in Python's ssl module."},
    GunicornSetting{"ciphers", "--ciphers", "CIPHERS", "string", "None", kHonoured, "",
                    "OpenSSL's cipher list, for TLS 1.2.",
                    [](S& s, const V& v) { return tls_text(s, v, "ciphers", &TlsSettings::ciphers); }},
    // HTTP/2
    GunicornSetting{"http_protocols", "--http-protocols", "STRING", "http_protocols", "['h1']", kUnsupported, kHttp2,
                    "Versions of HTTP, the preferred one first: h1, h2."},
    GunicornSetting{"http2_cleartext", "--http2-cleartext", "STRING", "http2_cleartext", "off", kUnsupported, kHttp2,
                    "HTTP/2 without TLS: off, prior-knowledge, upgrade or both."},
    GunicornSetting{"http2_max_concurrent_streams", "--http2-max-concurrent-streams", "INT", "int 1 max", "100",
                    kNoEffect, kWithHttp2, "Most streams of one connection."},
    GunicornSetting{"http2_initial_window_size", "--http2-initial-window-size", "INT", "int 0 2147483647", "65535",
                    kNoEffect, kWithHttp2, "Flow control window in bytes."},
    GunicornSetting{"http2_max_frame_size", "--http2-max-frame-size", "INT", "int 16384 16777215", "16384", kNoEffect,
                    kWithHttp2, "Largest frame in bytes."},
    GunicornSetting{"http2_max_header_list_size", "--http2-max-header-list-size", "INT", "int", "65536", kNoEffect,
                    kWithHttp2, "Largest header list in bytes."},
    // Server mechanics
    GunicornSetting{"raw_paste_global_conf", "--paste-global", "CONF", "list", "[]", kNoEffect,
                    "belongs to paste, which is refused", "NAME=VALUE for PasteDeploy."},
    GunicornSetting{"permit_obsolete_folding", "--permit-obsolete-folding", "", "flag", "False", kUnsupported, kStrict,
                    "Take header fields that go on in a second line."},
    GunicornSetting{"strip_header_spaces", "--strip-header-spaces", "", "flag", "False", kUnsupported, kStrict,
                    "Take blanks between a header's name and its colon."},
    GunicornSetting{"permit_unconventional_http_method", "--permit-unconventional-http-method", "", "flag", "False",
                    kUnsupported, kStrict, "Take methods that no registry knows."},
    GunicornSetting{"permit_unconventional_http_version", "--permit-unconventional-http-version", "", "flag", "False",
                    kUnsupported, kStrict, "Take other versions than HTTP/1.0 and HTTP/1.1."},
    GunicornSetting{"casefold_http_method", "--casefold-http-method", "", "flag", "False", kUnsupported,
                    "methods reach the application as they were sent", "Turn methods into upper case."},
    GunicornSetting{"forwarder_headers", "--forwarder-headers", "FORWARDER_HEADERS", "words",
                    "['SCRIPT_NAME', 'PATH_INFO']", kUnsupported,
                    "no header sets a variable of the environ other than its own HTTP_ one",
                    "Headers that a trusted proxy may set variables of the environ with."},
    GunicornSetting{"header_map", "--header-map", "HEADER_MAP", "header_map", "drop", kHonoured,
                    "refuse is as drop", "What becomes of header names with an underscore: drop, refuse or dangerous.",
                    [](S& s, const V& v) -> Done {
                      s.edge.underscores = v.text("header_map") == "dangerous";
                      return {};
                    }},
    // ASGI
    GunicornSetting{"asgi_loop", "--asgi-loop", "STRING", "lower auto asyncio uvloop", "auto", kNoEffect, kAsgi,
                    "Event loop."},
    GunicornSetting{"asgi_lifespan", "--asgi-lifespan", "STRING", "lower auto on off", "auto", kNoEffect, kAsgi,
                    "Lifespan protocol."},
    GunicornSetting{"asgi_disconnect_grace_period", "--asgi-disconnect-grace-period", "INT", "int", "3", kNoEffect,
                    kAsgi, "Seconds after a disconnect."},
    GunicornSetting{"websocket_max_message_size", "--websocket-max-message-size", "INT", "int", "16777216", kNoEffect,
                    kAsgi, "Largest message in bytes."},
    GunicornSetting{"http_parser", "--http-parser", "STRING", "lower auto fast python", "auto", kNoEffect,
                    "the edge has one parser", "Which parser reads HTTP."},
    GunicornSetting{"root_path", "--root-path", "STRING", "string", "", kNoEffect, kAsgi, "Root path."},
    // Dirty arbiters
    GunicornSetting{"dirty_apps", "--dirty-app", "STRING", "list", "[]", kUnsupported, kDirty, "Dirty applications."},
    GunicornSetting{"dirty_workers", "--dirty-workers", "INT", "int", "0", kUnsupported, kDirty, "Dirty workers."},
    GunicornSetting{"dirty_timeout", "--dirty-timeout", "INT", "int", "300", kNoEffect, kDirty, "Their timeout."},
    GunicornSetting{"dirty_threads", "--dirty-threads", "INT", "int", "1", kNoEffect, kDirty, "Their threads."},
    GunicornSetting{"dirty_graceful_timeout", "--dirty-graceful-timeout", "INT", "int", "30", kNoEffect, kDirty,
                    "Their graceful timeout."},
    GunicornSetting{"on_dirty_starting", "", "", "hook 1", "<OnDirtyStarting.on_dirty_starting()>", kNoEffect, kDirty,
                    "(arbiter)"},
    GunicornSetting{"dirty_post_fork", "", "", "hook 2", "<DirtyPostFork.dirty_post_fork()>", kNoEffect, kDirty,
                    "(arbiter, worker)"},
    GunicornSetting{"dirty_worker_init", "", "", "hook 1", "<DirtyWorkerInit.dirty_worker_init()>", kNoEffect, kDirty,
                    "(worker)"},
    GunicornSetting{"dirty_worker_exit", "", "", "hook 2", "<DirtyWorkerExit.dirty_worker_exit()>", kNoEffect, kDirty,
                    "(arbiter, worker)"},
    // Control
    GunicornSetting{"control_socket", "--control-socket", "PATH", "string", "gunicorn.ctl", kUnsupported, kControl,
                    "Socket of gunicornc."},
    GunicornSetting{"control_socket_mode", "--control-socket-mode", "INT", "octal", "384", kNoEffect, kControl,
                    "Its mode."},
    GunicornSetting{"control_socket_disable", "--no-control-socket", "", "flag", "False", kNoEffect,
                    "there is none anyway", "Make no such socket."},
};

string_view name_of(Answer answer) {
  switch (answer) {
    case kHonoured:
      return "honoured";
    case kNoEffect:
      return "no effect here";
    case kUnsupported:
      return "not supported";
    case kRefused:
      return "refused";
  }
  return "";
}

// "gunicorn.conf.py:12: certfile", "command line: --certfile".
std::string where(const GunicornSetting& row, const V& values) {
  const string_view place = values.place(row.name);
  return place.empty() ? std::string(row.name) : fmt::format("{}: {}", place, row.name);
}

// Values as --print-config shows them; the reader has joined them with the place when they differ.
bool differs(const GunicornSetting& row, const V& values) { return !values.place(row.name).empty(); }

std::string flag_list(const GunicornSetting& row) {
  std::string out;
  listed(row.flags, [&](string_view flag) { out += fmt::format("{}`{}`", out.empty() ? "" : ", ", flag); });
  return out;
}

std::string for_cell(string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

GunicornValues GunicornValues::read(string_view text) {
  GunicornValues all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    const string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = item.find('=');
    if (equals == string_view::npos) continue;
    if (item.starts_with('@')) {
      all.places_[std::string(item.substr(1, equals - 1))] = item.substr(equals + 1);
    } else if (item.starts_with('!')) {
      const string_view rest = item.substr(equals + 1);
      const std::size_t unit = std::min(rest.find('\x1f'), rest.size());
      all.wrong_.push_back({std::string(item.substr(1, equals - 1)), std::string(rest.substr(0, unit)),
                            std::string(rest.substr(std::min(unit + 1, rest.size())))});
    } else {
      all.values_[std::string(item.substr(0, equals))].emplace_back(item.substr(equals + 1));
    }
  }
  return all;
}

string_view GunicornValues::text(string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? "" : string_view(found->second.front());
}

std::span<const std::string> GunicornValues::list(string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::span<const std::string>{} : std::span<const std::string>(found->second);
}

string_view GunicornValues::place(string_view name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? "" : string_view(found->second);
}

std::span<const GunicornSetting> gunicorn_settings() { return kSettings; }

std::string gunicorn_table() {
  std::string out;
  for (const GunicornSetting& row : kSettings) {
    out += fmt::format("{}|{}|{}|{}\n", row.name, row.flags, row.kind, row.fallback);
  }
  return out;
}

Result<GunicornRun> run_settings_of(const GunicornValues& values) {
  GunicornRun run;
  RunSettings& settings = run.settings;
  // Gunicorn limits neither bodies nor waiting: its queue is the backlog.
  settings.edge.body_bytes_max = 0;
  settings.edge.queue_timeout = std::chrono::milliseconds(0);
  settings.edge.queue_limit = static_cast<std::uint32_t>(kMany);
  settings.edge.head_bytes_max = kHeadBytesMax;
  settings.stop_at_once_by_interrupt = true;
  for (const GunicornSetting& row : kSettings) {
    if (row.apply != nullptr) {
      if (auto applied = row.apply(settings, values); !applied) {
        return fail(std::move(applied).error().during(where(row, values)));
      }
    }
    if (row.answer == kHonoured || !differs(row, values)) continue;
    const std::string text = fmt::format("{}: {}: {}", where(row, values),
                                         row.answer == kNoEffect ? "no effect here" : "not supported", row.note);
    if (row.answer == kRefused) return fail(Error(text));
    (row.answer == kUnsupported ? settings.warnings : run.remarks).push_back(text);
  }
  if (settings.in_greenlets && number(values, "worker_connections") > kGreenletsMax)
    run.remarks.push_back(fmt::format("worker_connections: {} at once in each worker, more wait", kGreenletsMax));
  // The timeout is about the worker, whose hub must turn.
  if (settings.in_greenlets) settings.hub_timeout = std::exchange(settings.edge.request_timeout, {});
  settings.app = values.text("");
  if (auto done = use_tls(settings); !done) return fail(std::move(done).error());
  return run;
}

std::string gunicorn_help() {
  std::string out =
      "usage: tierce gunicorn [OPTIONS] [MODULE:CALLABLE]\n\n"
      "Serves a Python web application with Gunicorn's command line and configuration file. Sources, the later\n"
      "wins: defaults, the configuration file, GUNICORN_CMD_ARGS, the command line.\n\n"
      "  --python PATH\n      The interpreter that reads the configuration and runs the application. "
      "[$VIRTUAL_ENV/bin/python or python3]\n"
      "  -v,--version\n      The version.\n";
  for (const GunicornSetting& row : kSettings) {
    if (row.flags.empty()) continue;
    out += fmt::format("  {}{}{}\n      {} [{}]\n", row.flags, row.argument.empty() ? "" : " ", row.argument, row.help,
                       row.fallback);
    if (row.answer != kHonoured) {
      out += fmt::format("      {}: {}\n", name_of(row.answer), row.note);
    } else if (!row.note.empty()) {
      out += fmt::format("      Here: {}\n", row.note);
    }
  }
  out += "\nOnly in the configuration file:\n";
  for (const GunicornSetting& row : kSettings) {
    if (!row.flags.empty()) continue;
    out += fmt::format("  {}\n      {}\n", row.name, row.help);
    if (row.answer != kHonoured) out += fmt::format("      {}: {}\n", name_of(row.answer), row.note);
  }
  return out;
}

std::string gunicorn_help_markdown() {
  std::string out = fmt::format(
      "# Settings of `tierce gunicorn`\n\nMade from the table in `src/config/gunicorn_settings.cc` by `tierce "
      "gunicorn --help-markdown`. The settings are those of Gunicorn {}.\n\n"
      "*honoured*: as Gunicorn does it, with what the answer adds. *no effect here*: the need is gone. *not\n"
      "supported*: a warning at the start, and what follows. *refused*: the server does not start.\n\n"
      "| setting | flags | default | answer | what it does |\n| --- | --- | --- | --- | --- |\n",
      kGunicornVersion);
  for (const GunicornSetting& row : kSettings) {
    out += fmt::format("| `{}` | {} | {} | {}{}{} | {} |\n", row.name, flag_list(row),
                       row.fallback.empty() ? "" : fmt::format("`{}`", row.fallback), name_of(row.answer),
                       row.note.empty() ? "" : ": ", for_cell(row.note), for_cell(row.help));
  }
  return out;
}

}  // namespace tierce::config
