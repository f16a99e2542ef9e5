#include "cli/nginx_command.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string_view>

#include "cli/nginx_choice.h"
#include "config/nginx/interpreter.h"
#include "config/nginx/reader.h"
#include "config/nginx/reference.h"
#include "config/nginx/upstream_hosts.h"
#include "nginx/master_process.h"
#include "nginx/variable_table.h"
#include "os/process_title.h"

namespace tierce::cli {
namespace {

using config::nginx::Configuration;

// Where Debian's nginx looks.
constexpr const char* kPrefix = "/usr/share/nginx/";
constexpr const char* kFile = "/etc/nginx/nginx.conf";

constexpr const char* kHelp =
    "usage: tierce nginx [-?hvVtTq] [-p PREFIX] [-c FILE] [-e FILE] [-g DIRECTIVES]\n\n"
    "Options:\n"
    "  -?,-h         this help\n"
    "  -v            the version\n"
    "  -V            the version and what it is made of\n"
    "  -t            read the configuration and say whether it is sound\n"
    "  -T            the same, and print it with everything that it includes\n"
    "  -q            with -t: say errors alone\n"
    "  -p PREFIX     what relative paths begin with (/usr/share/nginx/)\n"
    "  -c FILE       the configuration (/etc/nginx/nginx.conf)\n"
    "  -e FILE       the error log until the configuration names one\n"
    "  -g DIRECTIVES directives before the configuration\n"
    "  -s SIGNAL     tell the running one: stop, quit, reopen, reload\n";

struct Asked {
  bool help = false, version = false, build = false, test = false, dump = false, quiet = false, markdown = false,
       choose = false;
  std::optional<std::string> prefix, file, error_log, globals, signal;
};

int say(const std::string& text) {
  std::fprintf(stderr, "nginx: %s\n", text.c_str());
  return 1;
}

// Letters may stand together, the value of the last one in the same word or in the next: "-tc FILE", "-g'daemon off;'".
Result<Asked> asked_by(const std::vector<std::string>& arguments) {
  Asked asked;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--help-markdown") {
      asked.markdown = true;
      continue;
    }
    if (word == "--choose") {
      asked.choose = true;
      continue;
    }
    if (!word.starts_with('-')) return fail(Error(fmt::format("invalid option: \"{}\"", word)));
    for (std::size_t at = 1; at < word.size(); ++at) {
      const char letter = word[at];
      bool* flag = nullptr;
      std::optional<std::string>* value = nullptr;
      switch (letter) {
        case '?':
        case 'h':
          asked.version = asked.help = true;
          continue;
        case 'v':
          flag = &asked.version;
          break;
        case 'V':
          asked.version = asked.build = true;
          continue;
        case 't':
          flag = &asked.test;
          break;
        case 'T':
          asked.test = asked.dump = true;
          continue;
        case 'q':
          flag = &asked.quiet;
          break;
        case 'p':
          value = &asked.prefix;
          break;
        case 'c':
          value = &asked.file;
          break;
        case 'e':
          value = &asked.error_log;
          break;
        case 'g':
          value = &asked.globals;
          break;
        case 's':
          value = &asked.signal;
          break;
        default:
          return fail(Error(fmt::format("invalid option: \"{}\"", letter)));
      }
      if (flag != nullptr) {
        *flag = true;
        continue;
      }
      if (at + 1 < word.size()) {
        *value = word.substr(at + 1);
      } else if (++i < arguments.size() && !arguments[i].empty()) {
        *value = arguments[i];
      } else {
        return fail(Error(fmt::format("option \"-{}\" requires {}", letter,
                                      letter == 'g' || letter == 's' ? "parameter"
                                      : letter == 'p'                ? "directory name"
                                                                     : "file name")));
      }
      break;
    }
  }
  return asked;
}

void print_version(const Asked& asked) {
  // Certbot takes what is no nginx of at least 0.8.48 for too old.
  const std::string like(nginx::kNginxVersion);
  std::fprintf(stderr, "nginx version: nginx/%s (tierce/" TIERCE_VERSION ")\n", like.c_str());
  if (!asked.build) return;
  std::fputs("reads what nginx 1.22 reads; regular expressions by PCRE2\n", stderr);
  // In nginx's words: tools read here where its files are and what it can do.
  const std::string running = OpenSSL_version(OPENSSL_VERSION);
  std::fputs("built with " OPENSSL_VERSION_TEXT, stderr);
  if (running != OPENSSL_VERSION_TEXT) std::fprintf(stderr, " (running with %s)", running.c_str());
  std::fputs(
      "\nTLS SNI support enabled\n"
      "configure arguments: --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf "
      "--http-log-path=/var/log/nginx/access.log --error-log-path=/var/log/nginx/error.log --pid-path=/run/nginx.pid "
      "--with-http_ssl_module --with-http_stub_status_module --with-http_realip_module --with-http_auth_request_module "
      "--with-http_v2_module --with-http_gunzip_module --with-http_gzip_static_module --with-threads\n",
      stderr);
}

void print(const Configuration& configuration) {
  for (const config::nginx::SourceFile& file : configuration.files) {
    if (!file.path.empty()) std::printf("# configuration file %s:\n%s\n", file.path.c_str(), file.text.c_str());
  }
}

std::optional<std::string> trouble_of(const Result<void>& tried) {
  if (tried) return std::nullopt;
  return tried.error().text();
}

// nginx refuses them; here they are looked up again while the site serves, so that one dead name stops nothing.
void warn_of_unknown_hosts(const config::nginx::Reading& reading, const config::nginx::Model& model) {
  config::nginx::HostAddresses& known = *reading.hosts;
  if (!known.can_ask()) return;
  // Without a network each may take its time.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  for (const auto& [host, place] : config::nginx::upstream_hosts(model)) {
    if (std::chrono::steady_clock::now() > until) return;
    if (known.of(host).empty())
      say(fmt::format("[warn] host not found in upstream \"{}\" in {}: it is looked up again while serving", host,
                      reading.configuration.where(place)));
  }
}

int test(const Asked& asked, const nginx::MasterStart& start) {
  const std::string& path = start.configuration;
  const auto reading = config::nginx::read_as_far_as_possible({.path = path, .globals = asked.globals.value_or("")},
                                                              config::nginx::this_machine());
  std::vector<std::string> warned;
  const auto made = config::nginx::interpret(reading, &warned);
  for (const std::string& warning : warned) say("[warn] " + warning);
  std::optional<std::string> trouble =
      made ? trouble_of(nginx::try_keys(start, made->model)) : std::optional(made.error().text());
  if (!trouble) {
    warn_of_unknown_hosts(reading, made->model);
    if (!asked.quiet) say(fmt::format("the configuration file {} syntax is ok", path));
    if (!made->model.has_events) {
      trouble = "no \"events\" section in configuration";
    } else {
      trouble = trouble_of(nginx::try_to_open(start, made->model));
    }
  }
  if (trouble) {
    say("[emerg] " + *trouble);
    return say(fmt::format("configuration file {} test failed", path));
  }
  if (!asked.quiet) say(fmt::format("configuration file {} test is successful", path));
  if (asked.dump) print(reading.configuration);
  return 0;
}

}  // namespace

int nginx_command(const std::vector<std::string>& arguments) {
  const auto asked = asked_by(arguments);
  if (!asked) return say(asked.error().text());
  if (asked->markdown) {
    std::fputs(config::nginx::help_markdown().c_str(), stdout);
    return 0;
  }
  if (asked->version) print_version(*asked);
  if (asked->help) std::fputs(kHelp, stderr);
  if (asked->version && !asked->test) return 0;
  std::string prefix = asked->prefix.value_or(kPrefix);
  if (!prefix.ends_with('/')) prefix += '/';
  std::string path = asked->file.value_or(kFile);
  if (!path.starts_with('/')) path.insert(0, prefix);
  if (asked->choose) return choose_for_each_line(path);
  nginx::MasterStart start;
  start.prefix = prefix;
  start.configuration = path;
  start.globals = asked->globals.value_or("");
  if (asked->error_log) start.error_log = *asked->error_log;
  if (asked->test) return test(*asked, start);
  if (asked->signal) return nginx::send_signal(start, *asked->signal);
  start.arguments = os::command_line();  // For a binary that takes its place.
  return nginx::run_master(std::move(start));
}

}  // namespace tierce::cli
