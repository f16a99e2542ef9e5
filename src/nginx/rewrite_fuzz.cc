// A path's way through rewrite, if, set, return and maps that change the captures: the first line of the input is what
// stands in the location (nothing: the one below), the rest the target of a request. Whatever they are: no fault, no
// second line in a field of the answer, and an end.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "config/nginx/normal_path.h"
#include "nginx/error_logs.h"
#include "nginx/nobody.h"
#include "nginx/one_line.h"
#include "nginx/phases.h"
#include "nginx/shared_zones.h"
#include "nginx/site.h"

using namespace tierce::nginx;  // NOLINT: a program of one function

namespace {

constexpr std::string_view kAround = R"(
error_log /dev/null emerg;
events {}
http {
  access_log off;
  map $1 $changing { ~^/?(.)(.*)$ "$2$1"; default "$1"; }
  map $uri $again { volatile; ~(?<named>.*)(..)$ "$named$2$changing"; default none; }
  map $args $argument { ~*%(..) "<$1>"; ~(a+)+b x; default $args; }
  server {
    listen 8001;
    server_name ~^(?<site>.+)\.example$ other;
    location ~ ^/(.)(.*)$ {
)";
constexpr std::string_view kUsual = R"(
      set $kept $1; rewrite ^(.*) /new?c=$1$again; set $v $1;
      rewrite ^/((.*))$ http://x/$1$2$changing redirect;
      if ($uri ~ (x)(y)?) { set $v "$1$2$changing$1"; return 302 $uri$v; }
      if ($args !~* ^(a)) { rewrite ^/n(.*)$ $1$argument last; }
      return 200 "$kept$v$1$2$named$site$changing$again";
)";
constexpr std::string_view kEnd = R"(
    }
    location @named { add_header X-A $1$uri always; return 200 $changing; }
  }
}
)";

bool is_instruction(const conf::Node& node) {
  const std::string& name = node.words.front();
  if (name == "if") {
    // Files are not looked at.
    for (const std::string& word : node.words) {
      if (word.find("-f") != std::string::npos || word.find("-d") != std::string::npos ||
          word.find("-e") != std::string::npos || word.find("-x") != std::string::npos)
        return false;
    }
  } else if (name != "set" && name != "rewrite" && name != "return" && name != "break") {
    return false;
  }
  return std::all_of(node.block.begin(), node.block.end(), is_instruction);
}

// It gets the answer's head.
class Listener final : public tierce::nginx::Nobody {
 public:
  void begin_response(Request&, const Response& response, bool) override {
    if (!is_one_line(response.location) || !is_one_line(response.content_type)) std::abort();
    for (std::size_t i = 0; i < response.fields.size(); ++i) {
      if (!is_one_line(response.fields.name(i)) || !is_one_line(response.fields.value(i))) std::abort();
    }
  }
};

tierce::edge::Task serve_it(Request& request, bool* ended) {
  static_cast<void>(co_await serve(request));
  *ended = true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 8192) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes are bytes
  const std::size_t line_end = std::min(input.find('\n'), input.size());
  const std::string_view inside = input.substr(0, line_end);
  const std::string_view target = input.substr(std::min(line_end + 1, input.size()));
  std::string text(kAround);
  text.append(inside.empty() ? kUsual : inside).append(kEnd);

  const conf::Surroundings around{.read = [&](const std::string&) -> tierce::Result<std::string> { return text; },
                                  .glob = [](const std::string&) { return std::vector<std::string>(); }};
  const conf::Reading reading = conf::read_as_far_as_possible({.path = "/n/nginx.conf", .globals = ""}, around);
  if (reading.error) return 0;
  auto read = conf::interpret(reading);
  if (!read || read->model.listeners.size() != 1) return 0;
  // The braces may have been closed in the line: only what is looked for may stand there.
  const conf::Node* http = nullptr;
  for (const conf::Node& node : reading.configuration.nodes) {
    if (node.words.front() == "http") http = &node;
  }
  if (http == nullptr || http->block.size() != 5 || http->block.back().block.size() != 4) return 0;
  const auto& instructions = http->block.back().block[2].block;
  if (!std::all_of(instructions.begin(), instructions.end(), is_instruction)) return 0;

  Loop loop;
  Counters counters;
  LogFiles logs;
  const SharedZones zones(read->model.http.zones, read->model.upstreams);
  const std::vector<std::shared_ptr<const tierce::tls::ServerContext>> tls(read->model.servers.size());
  Site site(loop, std::move(read->model),
            {.prefix = "/nonexistent/",
             .folder = "/nonexistent",
             .default_error_log = "/dev/null",
             .default_access_log = "/dev/null",
             .counters = &counters,
             .log_files = &logs,
             .zones = &zones,
             .tls = &tls});
  if (!site.open()) return 0;

  const tierce::http::HeadLimits limits;
  const tierce::http::VariableLimits variable_limits{};
  tierce::edge::Exchange exchange(limits, variable_limits);
  exchange.begin(nullptr);
  exchange.in.append("GET ").append(target).append(" HTTP/1.1\r\nHost: a.example\r\n\r\n");
  if (exchange.parser.parse(exchange.in.view()) != tierce::http::RequestParser::Outcome::kDone) return 0;
  const tierce::http::RequestHead& head = exchange.head();
  Listener client;
  Signal signal;
  const auto request = site.requests().take(client, signal, exchange);
  request->begin(site.model().listeners.front());
  request->method = tierce::http::Method::kGet;
  request->method_name = "GET";
  request->host = "a.example";
  if (!request->choose_server()) return 0;
  const auto normal = conf::normal_path(head.path.length > 0 ? exchange.part(head.path) : "/", conf::Slashes::kMerged);
  if (!normal) return 0;
  request->uri = normal->path;
  if (head.has_query) request->args = exchange.part(head.query);
  bool ended = false;
  serve_it(*request, &ended);
  if (!ended) std::abort();
  return 0;
}
