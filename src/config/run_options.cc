#include "config/run_options.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <optional>

#include "base/nearest_name.h"

namespace tierce::config {
namespace {

using Done = Result<void>;
using std::string_view;

template <typename T>
std::optional<T> number_of(string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Done expected(string_view what, string_view got) { return fail(Error(fmt::format("expects {}, got '{}'", what, got))); }

template <typename T>
Done whole(T& into, string_view text, std::uint64_t least, std::uint64_t most) {
  const auto value = number_of<std::uint64_t>(text);
  if (!value || *value < least || *value > most) {
    return expected(fmt::format("a whole number from {} to {}", least, most), text);
  }
  into = static_cast<T>(*value);
  return {};
}

// Seconds with a fraction, 0 to one year; "0" means what the option says.
Done seconds(std::chrono::milliseconds& into, string_view text) {
  const auto value = number_of<double>(text);
  if (!value || !std::isfinite(*value) || *value < 0 || *value > 31'536'000) return expected("a time in seconds", text);
  into = std::chrono::milliseconds(static_cast<std::int64_t>(std::llround(*value * 1000)));
  if (*value > 0 && into.count() == 0) into = std::chrono::milliseconds(1);
  return {};
}

// nginx's sizes: bytes, or with k, m, g.
Done size(std::uint64_t& into, string_view text) {
  std::uint64_t unit = 1;
  string_view digits = text;
  if (!digits.empty()) {
    switch (digits.back() | 0x20) {
      case 'k':
        unit = 1u << 10;
        break;
      case 'm':
        unit = 1u << 20;
        break;
      case 'g':
        unit = 1u << 30;
        break;
      default:
        break;
    }
    if (unit != 1) digits.remove_suffix(1);
  }
  const auto value = number_of<std::uint64_t>(digits);
  if (!value || *value > (std::uint64_t{1} << 62) / unit) return expected("a size such as 8192, 64k, 1m or 2g", text);
  into = *value * unit;
  return {};
}

Done text(std::string& into, string_view value) {
  into = value;
  return {};
}

void split(string_view list, char separator, const std::function<void(string_view)>& each) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(separator), list.size());
    string_view part = list.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) each(part);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

Done worker_class(RunSettings& settings, string_view name) {
  if (name != "threads" && name != "gevent") return expected("threads or gevent", name);
  settings.in_greenlets = name == "gevent";
  return {};
}

using S = RunSettings;
constexpr std::uint64_t kMany = 1u << 30;

const std::array kOptions = {
    RunOption{
        "-b,--bind", "ADDRESS", "127.0.0.1:8000",
        "Listen here; may be given several times. HOST:PORT, :PORT, [V6]:PORT, unix:PATH or fd://N; with uwsgi://, "
        "fastcgi:// or scgi:// in front for a front server that speaks it (uwsgi://unix:/run/app.sock). With the "
        "variable PORT set and no --bind: 0.0.0.0:$PORT.",
        [](S& s, string_view v) -> Done {
          s.binds.emplace_back(v);
          return {};
        }},
    RunOption{"--certfile", "FILE", "",
              "Speak https with this certificate (PEM, its chain behind it) at every address that names no protocol; "
              "http:// and to-https:// (every request is sent to https) in front of an address say otherwise. SIGHUP "
              "reads the files again.",
              [](S& s, string_view v) -> Done {
                tls_of(s).certificate = v;
                return {};
              }},
    RunOption{"--keyfile", "FILE", "the certificate's file", "Its key (PEM without a password).",
              [](S& s, string_view v) -> Done {
                tls_of(s).key = v;
                return {};
              }},
    RunOption{"--ca-certs", "FILE", "the machine's", "Authorities of client certificates (PEM).",
              [](S& s, string_view v) -> Done {
                tls_of(s).authorities = v;
                return {};
              }},
    RunOption{"--cert-reqs", "0|1|2", "0", "Client certificates: 0 not asked for, 1 welcome, 2 required.",
              [](S& s, string_view v) -> Done {
                std::uint32_t asked = 0;
                if (auto done = whole(asked, v, 0, 2); !done) return done;
                tls_of(s).client = static_cast<ClientCertificate>(asked);
                return {};
              }},
    RunOption{"--ciphers", "LIST", "OpenSSL's", "Ciphers of TLS 1.2, as OpenSSL lists them.",
              [](S& s, string_view v) -> Done {
                tls_of(s).ciphers = v;
                return {};
              }},
    RunOption{"--backlog", "INT", "somaxconn", "Connections the kernel keeps for us until they are accepted.",
              [](S& s, string_view v) { return whole(s.backlog, v, 1, 1u << 20); }},
    RunOption{"-w,--workers", "INT", "$WEB_CONCURRENCY or 1", "Worker processes.",
              [](S& s, string_view v) { return whole(s.workers, v, 1, 1024); }},
    RunOption{"--threads", "INT", "1", "Threads that run requests in each worker.",
              [](S& s, string_view v) { return whole(s.threads, v, 1, 1024); }},
    RunOption{"-k,--worker-class", "CLASS", "threads",
              "What runs requests: threads, or gevent: greenlets of the gevent that the application's Python has, the "
              "standard library patched before the application is imported.",
              worker_class},
    RunOption{"--greenlets", "INT", "1000",
              "Requests that run at once in each worker of the class gevent; more wait in the edge.",
              [](S& s, string_view v) { return whole(s.greenlets, v, 1, kGreenletsMax); }},
    RunOption{"--edge-threads", "INT", "1",
              "Threads of the edge, which owns the connections; one serves about 100,000 requests a second.",
              [](S& s, string_view v) { return whole(s.edge.threads, v, 1, 64); }},
    RunOption{"-t,--timeout", "SECONDS", "30",
              "A request whose application makes no progress for this long is answered 504, its Python stack is logged "
              "and its "
              "worker replaced. 0: never.",
              [](S& s, string_view v) { return seconds(s.edge.request_timeout, v); }},
    RunOption{"--graceful-timeout", "SECONDS", "30",
              "What running requests get to finish at a stop, a reload or a worker's end.",
              [](S& s, string_view v) { return seconds(s.edge.graceful_timeout, v); }},
    RunOption{"--queue-timeout", "SECONDS", "30",
              "A request that waits this long for a free worker is answered 503. 0: no limit.",
              [](S& s, string_view v) { return seconds(s.edge.queue_timeout, v); }},
    RunOption{"--queue-limit", "INT", "1024",
              "More waiting requests than this (for each edge thread) are answered 503 at once.",
              [](S& s, string_view v) { return whole(s.edge.queue_limit, v, 0, kMany); }},
    RunOption{"--max-requests", "INT", "0", "A worker is replaced after this many requests. 0: never.",
              [](S& s, string_view v) { return whole(s.max_requests, v, 0, kMany); }},
    RunOption{"--max-requests-jitter", "INT", "0",
              "Up to this many are added at random, so that workers do not restart together.",
              [](S& s, string_view v) { return whole(s.max_requests_jitter, v, 0, kMany); }},
    RunOption{"--lazy-apps", "", "off", "Every worker imports the application itself, instead of sharing one import.",
              [](S& s, string_view) -> Done {
                s.lazy_apps = true;
                return {};
              }},
    RunOption{"--preload", "", "on", "Import once and share: this is the default; taken for gunicorn's command lines.",
              [](S& s, string_view) -> Done {
                s.lazy_apps = false;
                return {};
              }},
    RunOption{"--reload", "", "off", "Restart the workers when a source file of the application changes.",
              [](S& s, string_view) -> Done {
                s.reload = true;
                return {};
              }},
    RunOption{"--python", "PATH", "$VIRTUAL_ENV/bin/python or python3", "The interpreter that runs the application.",
              [](S& s, string_view v) { return text(s.python, v); }},
    RunOption{"--chdir", "DIR", ".", "Stand in this directory; it is the first of sys.path.",
              [](S& s, string_view v) { return text(s.chdir, v); }},
    RunOption{"--pythonpath", "DIRS", "", "Further directories for sys.path, separated by commas.",
              [](S& s, string_view v) -> Done {
                split(v, ',', [&](string_view d) { s.pythonpath.emplace_back(d); });
                return {};
              }},
    RunOption{"-e,--env", "NAME=VALUE", "",
              "Set an environment variable for the application; may be given several times.",
              [](S& s, string_view v) -> Done {
                const std::size_t equals = v.find('=');
                if (equals == string_view::npos || equals == 0) return expected("NAME=VALUE", v);
                s.environment.emplace_back(v.substr(0, equals), v.substr(equals + 1));
                return {};
              }},
    RunOption{"-u,--user", "USER", "", "Run edge and workers as this user (name or number); needs root.",
              [](S& s, string_view v) { return text(s.user, v); }},
    RunOption{"-g,--group", "GROUP", "", "Run edge and workers as this group (name or number); needs root.",
              [](S& s, string_view v) { return text(s.group, v); }},
    RunOption{"-m,--umask", "OCTAL", "inherited", "Mask of the modes of new files, unix sockets among them.",
              [](S& s, string_view v) -> Done {
                int value = 0;
                const auto [end, error] = std::from_chars(v.data(), v.data() + v.size(), value, 8);
                if (v.empty() || error != std::errc() || end != v.data() + v.size() || value < 0 || value > 0777) {
                  return expected("an octal mask such as 022", v);
                }
                s.umask = value;
                return {};
              }},
    RunOption{"-p,--pid", "FILE", "", "Write the supervisor's process id here.",
              [](S& s, string_view v) { return text(s.pid_file, v); }},
    RunOption{"-n,--name", "NAME", "", "Name of this instance in the log.",
              [](S& s, string_view v) { return text(s.name, v); }},
    RunOption{"--access-logfile", "FILE", "-",
              "Access log in the combined format; '-' is standard output, 'none' switches it off.",
              [](S& s, string_view v) { return text(s.edge.access_log, v == "none" ? "" : v); }},
    RunOption{"--log-file,--error-logfile", "FILE", "-", "Error log; '-' is standard error.",
              [](S& s, string_view v) { return text(s.edge.error_log, v.empty() ? "-" : v); }},
    RunOption{"--log-level", "LEVEL", "info", "debug, info, warning, error or critical.",
              [](S& s, string_view v) -> Done {
                const auto level = os::log_level_of(v);
                if (!level) return expected("debug, info, warning, error or critical", v);
                s.edge.log_level = *level;
                return {};
              }},
    RunOption{"--forwarded-allow-ips", "LIST", "127.0.0.1,::1",
              "Whose X-Forwarded-Proto is believed: addresses and networks separated by commas, '*' for everybody. "
              "Peers of unix "
              "sockets are trusted.",
              [](S& s, string_view v) -> Done {
                s.edge.forwarded_allow_ips.clear();
                split(v, ',', [&](string_view a) { s.edge.forwarded_allow_ips.emplace_back(a); });
                return {};
              }},
    RunOption{"--proxy-protocol", "", "off",
              "Connections from --proxy-allow-from begin with a PROXY header (version 1 or 2) that names the client.",
              [](S& s, string_view) -> Done {
                s.edge.proxy_protocol = true;
                return {};
              }},
    RunOption{"--proxy-allow-from,--proxy-allow-ips", "LIST", "127.0.0.1,::1",
              "Who must send a PROXY header, and nobody else may: addresses and networks separated by commas, '*' for "
              "everybody. "
              "Peers of unix sockets must.",
              [](S& s, string_view v) -> Done {
                s.edge.proxy_allow_from.clear();
                split(v, ',', [&](string_view a) { s.edge.proxy_allow_from.emplace_back(a); });
                return {};
              }},
    RunOption{"--limit-request-line", "BYTES", "8192", "Longest request line; longer ones are answered 414.",
              [](S& s, string_view v) { return whole(s.edge.request_line_bytes_max, v, 64, 1u << 20); }},
    RunOption{"--limit-request-fields", "INT", "100", "Most header fields; more are answered 431.",
              [](S& s, string_view v) { return whole(s.edge.fields_max, v, 1, 1024); }},
    RunOption{"--limit-request-field-size,--limit-request-field_size", "BYTES", "8192", "Longest header field.",
              [](S& s, string_view v) { return whole(s.edge.field_bytes_max, v, 64, 1u << 20); }},
    RunOption{"--limit-request-head", "BYTES", "32768", "All of the head together.",
              [](S& s, string_view v) { return whole(s.edge.head_bytes_max, v, 256, 1u << 20); }},
    RunOption{"--limit-request-variables", "BYTES", "65536",
              "All variables together of a request over uwsgi, FastCGI or SCGI; more are answered 431.",
              [](S& s, string_view v) { return whole(s.edge.variables_bytes_max, v, 256, 1u << 20); }},
    RunOption{"--client-max-body-size", "SIZE", "1m",
              "Largest request body; larger ones are answered 413. 0: no limit.",
              [](S& s, string_view v) { return size(s.edge.body_bytes_max, v); }},
    RunOption{"--client-body-buffer-size", "SIZE", "16k", "Larger bodies wait in a temporary file.",
              [](S& s, string_view v) -> Done {
                std::uint64_t bytes = 0;
                if (auto read = size(bytes, v); !read) return read;
                if (bytes > (1u << 20)) return expected("at most 1m", v);
                s.edge.body_buffer_bytes = static_cast<std::uint32_t>(bytes);
                return {};
              }},
    RunOption{"--client-header-timeout", "SECONDS", "60", "What a client may take to send the head.",
              [](S& s, string_view v) { return seconds(s.edge.header_timeout, v); }},
    RunOption{"--client-body-timeout", "SECONDS", "60", "Longest pause between two pieces of the body.",
              [](S& s, string_view v) { return seconds(s.edge.body_timeout, v); }},
    RunOption{"--keep-alive,--keepalive-timeout", "SECONDS", "75",
              "How long a connection may stay idle between two requests.",
              [](S& s, string_view v) { return seconds(s.edge.keepalive_timeout, v); }},
    RunOption{"--keepalive-requests", "INT", "1000", "Requests after which a connection is closed.",
              [](S& s, string_view v) { return whole(s.edge.keepalive_requests, v, 1, kMany); }},
    RunOption{"--send-timeout", "SECONDS", "60", "Longest pause of a client in reading the response.",
              [](S& s, string_view v) { return seconds(s.edge.send_timeout, v); }},
    RunOption{"--worker-connections", "INT", "from the limit of open files", "Most connections open at once.",
              [](S& s, string_view v) { return whole(s.edge.connections_max, v, 1, kMany); }},
    RunOption{"--max-temp-file-size", "SIZE", "1g",
              "What is put aside on disk of one response for a client that reads slowly.",
              [](S& s, string_view v) { return size(s.edge.temp_file_bytes_max, v); }},
    RunOption{"--tmp-upload-dir", "DIR", "$TMPDIR or /tmp", "Where bodies that do not fit in memory wait.",
              [](S& s, string_view v) { return text(s.edge.temp_dir, v); }},
    RunOption{"--underscores-in-headers", "", "off", "Let header names with an underscore reach the application.",
              [](S& s, string_view) -> Done {
                s.edge.underscores = true;
                return {};
              }},
};

bool named(const RunOption& option, string_view name) {
  bool found = false;
  split(option.names, ',', [&](string_view n) { found = found || n == name; });
  return found;
}

std::vector<string_view> all_names() {
  std::vector<string_view> names;
  for (const RunOption& option : kOptions) split(option.names, ',', [&](string_view n) { names.push_back(n); });
  return names;
}

Result<void> environment_defaults(RunSettings& settings) {
  if (const char* workers = std::getenv("WEB_CONCURRENCY"); workers != nullptr && *workers != '\0') {
    if (auto read = whole(settings.workers, workers, 1, 1024); !read) {
      return fail(std::move(read).error().during("WEB_CONCURRENCY"));
    }
  }
  if (const char* directory = std::getenv("TMPDIR"); directory != nullptr && *directory != '\0') {
    settings.edge.temp_dir = directory;
  }
  return {};
}

}  // namespace

std::span<const RunOption> run_options() { return kOptions; }

Result<RunSettings> parse_run_options(const std::vector<std::string>& arguments) {
  RunSettings settings;
  if (auto read = environment_defaults(settings); !read) return fail(std::move(read).error());
  bool only_words = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    string_view argument = arguments[i];
    if (only_words || argument == "-" || !argument.starts_with('-')) {
      if (!settings.app.empty())
        return fail(Error(fmt::format("one application is expected, got '{}' and '{}'", settings.app, argument)));
      settings.app = argument;
      continue;
    }
    if (argument == "--") {
      only_words = true;
      continue;
    }
    // --name=value, -w4, --name value
    string_view name = argument;
    std::optional<string_view> value;
    if (argument.starts_with("--")) {
      if (const std::size_t equals = argument.find('='); equals != string_view::npos) {
        name = argument.substr(0, equals);
        value = argument.substr(equals + 1);
      }
    } else if (argument.size() > 2) {
      name = argument.substr(0, 2);
      value = argument.substr(2);
    }
    const RunOption* option = nullptr;
    for (const RunOption& row : kOptions) {
      if (named(row, name)) option = &row;
    }
    if (option == nullptr) {
      const string_view near = nearest_name(name, all_names());
      return fail(Error(near.empty() ? fmt::format("unknown option {}", name)
                                     : fmt::format("unknown option {}: did you mean {}?", name, near)));
    }
    if (option->argument.empty()) {
      if (value) return fail(Error(fmt::format("{} takes no value", name)));
      value = "";
    } else if (!value) {
      if (++i == arguments.size()) return fail(Error(fmt::format("{} needs a value ({})", name, option->argument)));
      value = arguments[i];
    }
    if (auto applied = option->apply(settings, *value); !applied) return fail(std::move(applied).error().during(name));
  }
  if (settings.app.empty()) return fail("no application given: tierce run MODULE:CALLABLE");
  if (settings.binds.empty()) {
    const char* port = std::getenv("PORT");
    settings.binds.emplace_back(port != nullptr && *port != '\0' ? fmt::format("0.0.0.0:{}", port) : "127.0.0.1:8000");
  }
  if (auto done = use_tls(settings); !done) return fail(std::move(done).error());
  return settings;
}

std::string run_help() {
  std::string out =
      "usage: tierce run [OPTIONS] MODULE[:CALLABLE]\n\n"
      "Serves a Python web application (WSGI, PEP 3333). MODULE:CALLABLE as gunicorn reads it; MODULE alone\n"
      "looks for 'application', then 'app'; MODULE:FACTORY() calls it; a path to a file works too.\n\n";
  for (const RunOption& option : kOptions) {
    out += fmt::format("  {}{}{}\n      {}", option.names, option.argument.empty() ? "" : " ", option.argument,
                       option.help);
    if (!option.fallback.empty()) out += fmt::format(" [{}]", option.fallback);
    out += '\n';
  }
  return out;
}

std::string run_help_markdown() {
  std::string out =
      "# Options of `tierce run`\n\nMade from the table in `src/config/run_options.cc` by `tierce run "
      "--help-markdown`.\n\n"
      "| option | default | what it does |\n| --- | --- | --- |\n";
  for (const RunOption& option : kOptions) {
    std::string names;
    split(option.names, ',', [&](string_view n) { names += fmt::format("{}`{}`", names.empty() ? "" : ", ", n); });
    if (!option.argument.empty()) names += fmt::format(" {}", option.argument);
    out += fmt::format("| {} | {} | {} |\n", names, option.fallback.empty() ? "" : fmt::format("`{}`", option.fallback),
                       option.help);
  }
  return out;
}

}  // namespace tierce::config
