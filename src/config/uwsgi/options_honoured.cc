// The options that tierce has settings for, and how each becomes one.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "config/uwsgi/cache_text.h"
#include "config/uwsgi/option_arguments.h"
#include "config/uwsgi/written_value.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;
using std::chrono::milliseconds;

// --- sockets ---

// uWSGI's addresses: HOST:PORT, :PORT, fd://N; anything without a colon is the path of a unix socket.
Done bind(Applying& a, const Assignment& line, string_view protocol) {
  const string_view address = text_of(line);
  if (address.empty()) return fail("expects an address");
  if (address.front() == '@' || address.front() == '=') {
    return fail(Error(fmt::format("'{}': abstract and shared sockets are not supported", address)));
  }
  const bool path = address.find(':') == string_view::npos;
  a.binds.push_back({std::string(protocol), path ? fmt::format("unix:{}", address) : std::string(address)});
  return {};
}
Done bind_http(Applying& a, const Assignment& line) { return bind(a, line, "http"); }
Done bind_uwsgi(Applying& a, const Assignment& line) { return bind(a, line, "uwsgi"); }
Done bind_fastcgi(Applying& a, const Assignment& line) { return bind(a, line, "fastcgi"); }
Done bind_scgi(Applying& a, const Assignment& line) { return bind(a, line, "scgi"); }
Done bind_to_https(Applying& a, const Assignment& line) { return bind(a, line, "to-https"); }
// ADDRESS,CERTIFICATE,KEY[,CIPHERS[,AUTHORITIES]]; "!" before the authorities: clients must show a certificate.
Done bind_https(Applying& a, const Assignment& line) {
  string_view rest = text_of(line);
  std::string parts[5];
  std::size_t count = 0;
  for (bool more = true; more && count < std::size(parts);) {
    const std::size_t end = count + 1 == std::size(parts) ? string_view::npos : rest.find(',');
    parts[count++] = rest.substr(0, end);
    more = end != string_view::npos;
    if (more) rest.remove_prefix(end + 1);
  }
  auto& [address, certificate, key, ciphers, authorities] = parts;
  if (certificate.empty() || key.empty()) return fail("expects ADDRESS,CERTIFICATE,KEY");
  TlsSettings tls{.certificate = certificate, .key = key, .ciphers = ciphers};
  if (!authorities.empty()) {
    const bool required = authorities.front() == '!';
    tls.client = required ? ClientCertificate::kRequired : ClientCertificate::kOptional;
    tls.authorities = authorities.substr(required ? 1 : 0);
  }
  Assignment of_address = line;
  of_address.value = address;
  if (auto done = bind(a, of_address, "https"); !done) return done;
  a.settings.tls.push_back(std::move(tls));
  return {};
}
// What `protocol` says is spoken there, wherever it stands.
Done bind_socket(Applying& a, const Assignment& line) { return bind(a, line, ""); }
Done protocol(Applying& a, const Assignment& line) {
  const string_view name = text_of(line);
  if (name == "uwsgi" || name == "http" || name == "fastcgi" || name == "scgi") {
    a.socket_protocol = name;
  } else if (name == "http11") {
    a.socket_protocol = "http";
  } else {
    return fail(Error(fmt::format("'{}' is not supported: uwsgi, http, fastcgi or scgi is", name)));
  }
  return {};
}
Done proxy_protocol(Applying& a, const Assignment& line) {
  a.settings.edge.proxy_protocol = flag(a, line);
  a.settings.edge.proxy_header_required = false;
  a.settings.edge.proxy_allow_from = {"*"};
  return {};
}

Done reuse_port(Applying& a, const Assignment& line) {
  a.settings.reuse_port = flag(a, line);
  return {};
}

Done backlog(Applying& a, const Assignment& line) {
  a.settings.backlog = static_cast<int>(number(a, line, 1, 1u << 20));
  return {};
}

// Octal; alone it is for everybody.
Done chmod_socket(Applying& a, const Assignment& line) {
  const string_view text = text_of(line);
  if (text.empty() || text == "true") {
    a.settings.socket_mode = 0666;
    return {};
  }
  auto mode = file_mode(line);
  if (!mode) return fail(std::move(mode).error());
  a.settings.socket_mode = *mode;
  return {};
}
Done chown_socket(Applying& a, const Assignment& line) {
  a.settings.socket_owner = text_of(line);
  return {};
}

// --- processes ---

Done processes(Applying& a, const Assignment& line) {
  a.settings.workers = static_cast<std::uint32_t>(number(a, line, 1, 1024));
  return {};
}
Done threads(Applying& a, const Assignment& line) {
  a.settings.threads = static_cast<std::uint32_t>(number(a, line, 1, 1024));
  return {};
}
Done edge_threads(Applying& a, const Assignment& line) {
  a.settings.edge.threads = static_cast<std::uint32_t>(number(a, line, 1, 64));
  return {};
}
Done max_requests(Applying& a, const Assignment& line) {
  a.settings.max_requests = number(a, line, 0, kMany);
  return {};
}
Done worker_lifetime(Applying& a, const Assignment& line) {
  a.settings.worker_lifetime = std::chrono::duration_cast<std::chrono::seconds>(seconds(a, line));
  return {};
}
Done worker_lifetime_delta(Applying& a, const Assignment& line) {
  a.settings.worker_lifetime_jitter = std::chrono::duration_cast<std::chrono::seconds>(seconds(a, line));
  return {};
}
// Both in MiB.
Done reload_on_rss(Applying& a, const Assignment& line) {
  a.settings.worker_rss_max = number(a, line, 0, kMany) << 20;
  return {};
}
Done reload_on_as(Applying& a, const Assignment& line) {
  a.settings.worker_as_max = number(a, line, 0, kMany) << 20;
  return {};
}
Done touch_reload(Applying& a, const Assignment& line) {
  a.settings.touch_reload.emplace_back(text_of(line));
  return {};
}
Done max_requests_delta(Applying& a, const Assignment& line) {
  a.settings.max_requests_jitter = number(a, line, 0, kMany);
  return {};
}
Done lazy_apps(Applying& a, const Assignment& line) {
  a.settings.lazy_apps = flag(a, line);
  return {};
}
Done harakiri(Applying& a, const Assignment& line) {
  a.settings.edge.request_timeout = seconds(a, line);
  return {};
}
// uWSGI has one mercy for workers and one for all together; the longer of the two lets nothing be cut off.
Done mercy(Applying& a, const Assignment& line) {
  milliseconds& mercy = a.settings.edge.graceful_timeout;
  mercy = a.mercy_given ? std::max(mercy, seconds(a, line)) : seconds(a, line);
  a.mercy_given = true;
  return {};
}

// --- Python ---

std::optional<Assignment> unless_empty(const Assignment& line) {
  return text_of(line).empty() ? std::nullopt : std::optional(line);
}

Done module(Applying& a, const Assignment& line) {
  a.module = unless_empty(line);
  return {};
}
Done wsgi_file(Applying& a, const Assignment& line) {
  a.file = unless_empty(line);
  if (!a.file) return {};
  // Else it would be the name of a module.
  std::string& name = *a.file->value;
  const string_view file = string_view(name).substr(0, name.rfind(':'));
  if (!file.ends_with(".py") && file.find('/') == string_view::npos) name.insert(0, "./");
  return {};
}
Done callable(Applying& a, const Assignment& line) {
  a.callable = text_of(line);
  return {};
}
Done chdir(Applying& a, const Assignment& line) {
  a.settings.chdir = text_of(line);
  return {};
}
Done pythonpath(Applying& a, const Assignment& line) {
  a.settings.pythonpath.emplace_back(text_of(line));
  return {};
}
Done home(Applying& a, const Assignment& line) {
  a.home = text_of(line);
  return {};
}
Done environment(Applying& a, const Assignment& line) {
  const string_view value = text_of(line);
  const std::size_t equals = value.find('=');
  if (equals == string_view::npos || equals == 0) {
    a.note(line, fmt::format("{}: expects NAME=VALUE, got '{}': nothing is set", line.name, value));
    return {};
  }
  a.settings.environment.emplace_back(value.substr(0, equals), value.substr(equals + 1));
  return {};
}
Done reload(Applying& a, const Assignment& line) {
  a.settings.reload = number(a, line, 0, kMany) > 0;
  return {};
}

// --- identity ---

Done user(Applying& a, const Assignment& line) {
  a.settings.user = text_of(line);
  return {};
}
Done group(Applying& a, const Assignment& line) {
  a.settings.group = text_of(line);
  return {};
}
Done umask(Applying& a, const Assignment& line) {
  const string_view value = text_of(line);
  int mask = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), mask, 8);
  if (error != std::errc() || end != value.data() + value.size() || mask < 0 || mask > 0777) {
    return fail(Error(fmt::format("expects an octal mask such as 022, got '{}'", value)));
  }
  a.settings.umask = mask;
  return {};
}
Done pidfile(Applying& a, const Assignment& line) {
  a.settings.pid_file = text_of(line);
  return {};
}

// --- logs ---

Done log_to(Applying& a, const Assignment& line) {
  const string_view value = text_of(line);
  if (value.find(':') != string_view::npos && !value.starts_with('/')) {
    a.note(line, fmt::format("{}: {}: logging over the network is not supported: the log stays where it is", line.name,
                             value));
    return {};
  }
  a.log_to = value;
  return {};
}
// Of uWSGI's loggers the one for files.
void into_file(Applying& a, const Assignment& line, std::string& path) {
  const string_view value = text_of(line);
  if (value == "stdio" || value == "stdio:") return;
  if (!value.starts_with("file:") || value.find(' ') != string_view::npos) {
    a.note(line, fmt::format("{}: {}: only file:PATH is supported: the log stays where it is", line.name, value));
    return;
  }
  path = value.substr(string_view("file:").size());
}
Done logger(Applying& a, const Assignment& line) {
  into_file(a, line, a.log_to);
  return {};
}
Done request_logger(Applying& a, const Assignment& line) {
  into_file(a, line, a.request_log);
  return {};
}
Done disable_logging(Applying& a, const Assignment& line) {
  a.settings.edge.logged.all = !flag(a, line);
  return {};
}

// --- limits ---

Done limit_post(Applying& a, const Assignment& line) {
  a.settings.edge.body_bytes_max = number(a, line, 0, std::uint64_t{1} << 50);
  return {};
}
Done post_buffering(Applying& a, const Assignment& line) {
  const std::uint64_t bytes = number(a, line, 0, kMany);
  if (bytes > 0)
    a.settings.edge.body_buffer_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, 1u << 20));
  return {};
}
// A smaller buffer than ours would only refuse more requests; a larger one was asked for by large cookies.
Done buffer_size(Applying& a, const Assignment& line) {
  EdgeSettings& edge = a.settings.edge;
  const auto bytes = static_cast<std::uint32_t>(number(a, line, 0, 1u << 20));
  edge.head_bytes_max = std::max(edge.head_bytes_max, bytes);
  edge.field_bytes_max = std::max(edge.field_bytes_max, bytes);
  edge.request_line_bytes_max = std::max(edge.request_line_bytes_max, bytes);
  return {};
}
Done client_timeout(Applying& a, const Assignment& line) {
  EdgeSettings& edge = a.settings.edge;
  edge.header_timeout = edge.body_timeout = edge.send_timeout = seconds(a, line);
  return {};
}
Done socket_timeout(Applying& a, const Assignment& line) {
  a.settings.edge.body_timeout = a.settings.edge.send_timeout = seconds(a, line);
  return {};
}
Done header_timeout(Applying& a, const Assignment& line) {
  a.settings.edge.header_timeout = seconds(a, line);
  return {};
}
// Alone, or as 1, it is a switch, and connections are kept anyway; more is a number of seconds.
Done keepalive(Applying& a, const Assignment& line) {
  if (const auto on = boolean_of(text_of(line)); on && number_of(text_of(line)).value <= 1) return {};
  a.settings.edge.keepalive_timeout = seconds(a, line);
  return {};
}

// --- the module uwsgi ---

Done cache(Applying& a, const Assignment& line) {
  std::vector<std::string> remarks;
  auto read = parse_cache(text_of(line), remarks);
  if (!read) return fail(std::move(read).error());
  for (const std::string& remark : remarks) a.note(line, fmt::format("{}: {}", line.name, remark));
  for (const UwsgiCache& other : a.settings.uwsgi->caches) {
    if (other.name == read->name) return fail(Error(fmt::format("there is a cache '{}' already", read->name)));
  }
  a.settings.uwsgi->caches.push_back(std::move(*read));
  return {};
}
// The one cache of old configurations.
Done old_cache(Applying& a, const Assignment& line) {
  UwsgiCache made;
  made.name = "default";
  made.items = static_cast<std::uint32_t>(number(a, line, 1, 1u << 28));
  a.settings.uwsgi->caches.insert(a.settings.uwsgi->caches.begin(), std::move(made));
  return {};
}
Done locks(Applying& a, const Assignment& line) {
  a.settings.uwsgi->locks = static_cast<std::uint32_t>(number(a, line, 0, 1u << 16));
  return {};
}

constexpr std::array kRows = {
    honoured("http", Argument::kValue, bind_http, "Serve HTTP at this address."),
    also("httprouter", "http"),
    honoured(
        "https", Argument::kValue, bind_https,
        "ADDRESS,CERTIFICATE,KEY[,CIPHERS[,AUTHORITIES]]: serve https; ! before the authorities: clients must show a "
        "certificate. A reload reads the files again."),
    honoured("https-socket", Argument::kValue, bind_https, "The same."),
    honoured("http-to-https", Argument::kValue, bind_to_https,
             "Send every request that comes to this address to https."),
    honoured("socket", Argument::kValue, bind_socket, "Serve the uwsgi protocol, or what `protocol` says, here."),
    honoured("uwsgi-socket", Argument::kValue, bind_uwsgi, "Serve the uwsgi protocol at this address."),
    honoured("fastcgi-socket", Argument::kValue, bind_fastcgi, "Serve FastCGI at this address."),
    honoured("scgi-socket", Argument::kValue, bind_scgi, "Serve SCGI at this address."),
    honoured("protocol", Argument::kValue, protocol, "What is spoken at the addresses of `socket`."),
    also("socket-protocol", "protocol"),
    honoured("http-enable-proxy-protocol", Argument::kOptional, proxy_protocol,
             "Connections may begin with a PROXY header that names the client."),
    honoured("enable-proxy-protocol", Argument::kFlag, proxy_protocol, "The same, at every address."),
    honoured("http-socket", Argument::kValue, bind_http, "Serve HTTP at this address."),
    honoured("http11-socket", Argument::kValue, bind_http, "Serve HTTP at this address."),
    honoured("chmod-socket", Argument::kOptional, chmod_socket, "Mode of the unix sockets; alone it is 666."),
    also("chmod", "chmod-socket"),
    honoured("chown-socket", Argument::kValue, chown_socket, "USER[:GROUP] that owns the unix sockets."),
    honoured("max-worker-lifetime", Argument::kValue, worker_lifetime, "A worker is replaced after this many seconds."),
    honoured("max-worker-lifetime-delta", Argument::kValue, worker_lifetime_delta, "Up to this many more, at random."),
    honoured("reload-on-rss", Argument::kValue, reload_on_rss,
             "A worker with this many MiB of resident memory is replaced after its request."),
    honoured("reload-on-as", Argument::kValue, reload_on_as,
             "A worker with this many MiB of address space is replaced after its request."),
    honoured("touch-reload", Argument::kValue, touch_reload, "A change of this file is a reload."),
    honoured("reuse-port", Argument::kFlag, reuse_port, "Other servers may listen at the same TCP addresses."),
    honoured("listen", Argument::kValue, backlog, "Connections the kernel keeps until they are accepted."),
    honoured("http-processes", Argument::kValue, edge_threads, "Threads of the edge, which owns the connections."),
    also("http-workers", "http-processes"),

    honoured("processes", Argument::kValue, processes, "Worker processes."),
    also("workers", "processes"),
    honoured("threads", Argument::kValue, threads, "Threads that run requests in each worker."),
    honoured("max-requests", Argument::kValue, max_requests, "A worker is replaced after this many requests."),
    honoured("max-requests-delta", Argument::kValue, max_requests_delta,
             "Up to this many are added at random, so that workers do not restart together."),
    honoured("lazy-apps", Argument::kFlag, lazy_apps, "Every worker imports the application itself."),
    honoured("lazy", Argument::kFlag, lazy_apps, "Every worker imports the application itself."),
    honoured("harakiri", Argument::kValue, harakiri,
             "A request without progress for this many seconds is answered 504, its worker replaced."),
    honoured("worker-reload-mercy", Argument::kValue, mercy, "Seconds that running requests get to finish."),
    honoured("reload-mercy", Argument::kValue, mercy, "Seconds that running requests get to finish."),

    honoured("module", Argument::kValue, module, "MODULE:CALLABLE of the application."),
    also("wsgi", "module"),
    honoured("wsgi-file", Argument::kValue, wsgi_file, "A file that has the application."),
    also("file", "wsgi-file"),
    honoured("callable", Argument::kValue, callable, "Name of the application in its module; else 'application'."),
    honoured("chdir", Argument::kValue, chdir, "Stand in this directory."),
    honoured("pythonpath", Argument::kValue, pythonpath, "A further directory for sys.path."),
    also("python-path", "pythonpath"),
    also("pp", "pythonpath"),
    honoured("home", Argument::kValue, home, "The virtual environment."),
    also("virtualenv", "home"),
    also("venv", "home"),
    also("pyhome", "home"),
    honoured("env", Argument::kText, environment, "NAME=VALUE for the application's environment."),
    honoured("py-autoreload", Argument::kValue, reload, "Restart the workers when a source file changes."),
    also("py-auto-reload", "py-autoreload"),
    also("python-autoreload", "py-autoreload"),
    also("python-auto-reload", "py-autoreload"),

    honoured("uid", Argument::kValue, user, "Run edge and workers as this user."),
    honoured("gid", Argument::kValue, group, "Run edge and workers as this group."),
    honoured("umask", Argument::kValue, umask, "Octal mask of the modes of new files."),
    honoured("pidfile", Argument::kValue, pidfile, "Write the supervisor's process id here."),

    honoured("logto", Argument::kValue, log_to, "All logs into this file."),
    honoured("logto2", Argument::kValue, log_to, "All logs into this file."),
    honoured("logger", Argument::kText, logger, "file:PATH: the log's file."),
    honoured("req-logger", Argument::kText, request_logger, "file:PATH: the access log's file."),
    also("logger-req", "req-logger"),
    honoured("disable-logging", Argument::kFlag, disable_logging, "No access log."),

    honoured("cache2", Argument::kText, cache, "A cache that all workers share: name=, items=, blocksize= ..."),
    honoured("cache", Argument::kValue, old_cache, "A cache named 'default' with this many items."),
    honoured("locks", Argument::kValue, locks, "Locks of uwsgi.lock() beside lock 0."),

    honoured("limit-post", Argument::kValue, limit_post, "Largest request body; larger ones are answered 413."),
    honoured("post-buffering", Argument::kValue, post_buffering, "Larger bodies wait in a temporary file."),
    also("post-buf", "post-buffering"),
    honoured("buffer-size", Argument::kValue, buffer_size, "Raises the limits of the request's head beyond 32 KiB."),
    honoured("http-timeout", Argument::kValue, client_timeout, "Longest pause of a client, in seconds."),
    honoured("http-headers-timeout", Argument::kValue, header_timeout, "What a client may take to send the head."),
    honoured("socket-timeout", Argument::kValue, socket_timeout, "Longest pause of a client within body or response."),
    honoured("http-keepalive", Argument::kOptional, keepalive, "How long a connection may stay idle, in seconds."),
};

}  // namespace

Family honoured_options() { return {kRows, {}}; }

}  // namespace tierce::config::uwsgi
