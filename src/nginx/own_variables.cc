// nginx's own variables, in the order of the alphabet, and the families: $arg_NAME, $cookie_NAME, $http_NAME,
// $sent_http_NAME, $upstream_http_NAME ...
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <random>

#include "base/append_number.h"
#include "config/nginx/values.h"
#include "edge/basic_auth.h"
#include "http/http_date.h"
#include "nginx/address_list.h"
#include "nginx/browser.h"
#include "nginx/fastcgi_script.h"
#include "nginx/paths.h"
#include "nginx/request.h"
#include "nginx/site.h"
#include "nginx/user_file.h"
#include "nginx/variable_table.h"
#include "os/clock.h"

namespace tierce::nginx {
namespace {

using std::string_view;

bool give(std::string& out, string_view value) {
  out += value;
  return true;
}
// A header that is not there is no value.
bool give_found(std::string& out, string_view value) { return !value.empty() && give(out, value); }

template <typename Number>
bool give_number(std::string& out, Number number) {
  append_number(out, number);
  return true;
}

bool args(Request& r, string_view, std::string& out) { return give_found(out, r.args); }

// $http_user_agent of User-Agent; several fields of one name become one value.
bool is_family_name(string_view field, string_view argument) {
  if (field.size() != argument.size()) return false;
  for (std::size_t i = 0; i < field.size(); ++i) {
    const char c = field[i] == '-' ? '_' : field[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != argument[i]) return false;
  }
  return true;
}

bool from_fields(const FieldList& fields, string_view argument, std::string& out) {
  bool found = false;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields.name(i).empty() || !is_family_name(fields.name(i), argument)) continue;
    if (found) out += ", ";
    out += fields.value(i);
    found = true;
  }
  return found;
}

bool http_field(Request& r, string_view argument, std::string& out) {
  const edge::Exchange& exchange = r.exchange();
  bool found = false;
  for (std::uint32_t i = 0; i < exchange.head().field_count; ++i) {
    const http::HeaderField& field = exchange.head_fields()[i];
    if (!is_family_name(exchange.part(field.name), argument)) continue;
    if (found) out += argument == "cookie" ? "; " : ", ";
    out += exchange.part(field.value);
    found = true;
  }
  return found;
}

bool arg(Request& r, string_view name, std::string& out) {
  string_view rest = r.args;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const string_view each = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (each.size() <= name.size() || each[name.size()] != '=') continue;
    if (!http::equals_ignoring_case(each.substr(0, name.size()), name)) continue;
    return give(out, each.substr(name.size() + 1));
  }
  return false;
}

bool cookie_in(string_view all, string_view name, std::string& out) {
  while (!all.empty()) {
    const std::size_t end = std::min(all.find_first_of(";,"), all.size());
    string_view each = http::trim_blanks(all.substr(0, end));
    all.remove_prefix(std::min(end + 1, all.size()));
    const std::size_t equals = each.find('=');
    if (equals == string_view::npos) continue;
    if (!http::equals_ignoring_case(http::trim_blanks(each.substr(0, equals)), name)) continue;
    return give(out, http::trim_blanks(each.substr(equals + 1)));
  }
  return false;
}

bool cookie(Request& r, string_view name, std::string& out) {
  const edge::Exchange& exchange = r.exchange();
  for (std::uint32_t i = 0; i < exchange.head().field_count; ++i) {
    const http::HeaderField& field = exchange.head_fields()[i];
    if (!is_family_name(exchange.part(field.name), "cookie")) continue;
    if (cookie_in(exchange.part(field.value), name, out)) return true;
  }
  return false;
}

bool binary_remote_addr(Request& r, string_view, std::string& out) {
  std::string text;
  r.site.variable(r, "remote_addr", text);
  const auto ip = parse_ip(text);
  if (!ip) return give(out, text);
  const bool is_ipv4 = text.find(':') == std::string::npos;
  for (std::size_t i = is_ipv4 ? 12 : 0; i < 16; ++i) out.push_back(static_cast<char>((*ip)[i]));
  return true;
}

bool body_bytes_sent(Request& r, string_view, std::string& out) {
  return give_number(out, r.client().body_bytes_sent());
}
bool bytes_sent(Request& r, string_view, std::string& out) { return give_number(out, r.client().bytes_sent()); }
bool connection(Request& r, string_view, std::string& out) {
  return give_number(out, r.client().peer().connection_number);
}
bool connection_requests(Request& r, string_view, std::string& out) { return give_number(out, r.client().requests()); }
bool connection_time(Request& r, string_view, std::string& out) {
  const std::uint64_t ms = r.site.loop().wall_ms() - r.client().peer().began_ms;
  fmt::format_to(std::back_inserter(out), "{}.{:03}", ms / 1000, ms % 1000);
  return true;
}
bool counted(const std::atomic<std::int64_t>& number, std::string& out) {
  return give_number(out, number.load(std::memory_order_relaxed));
}
bool connections_active(Request& r, string_view, std::string& out) { return counted(r.site.counters().active, out); }
bool connections_reading(Request& r, string_view, std::string& out) { return counted(r.site.counters().reading, out); }
bool connections_waiting(Request& r, string_view, std::string& out) { return counted(r.site.counters().waiting, out); }
bool connections_writing(Request& r, string_view, std::string& out) { return counted(r.site.counters().writing, out); }

bool content_length(Request& r, string_view, std::string& out) {
  if (r.exchange().head().body == http::BodyKind::kChunked) {
    return r.body_read && give_number(out, r.exchange().body_bytes);
  }
  return give_found(out, r.field("content-length"));
}
bool content_type(Request& r, string_view, std::string& out) { return give_found(out, r.field("content-type")); }

bool date_gmt(Request& r, string_view, std::string& out) {
  char text[http::kHttpDateBytes];
  http::format_http_date(r.site.loop().wall(), text);
  // nginx's default for it is that of SSI: "Tuesday, 24-Nov-2026 00:00:00 GMT".
  const std::time_t now = r.site.loop().wall();
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char room[64];
  return give(out, {room, std::strftime(room, sizeof room, "%A, %d-%b-%Y %H:%M:%S GMT", &parts)});
}
bool date_local(Request& r, string_view, std::string& out) {
  const std::time_t now = r.site.loop().wall();
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char room[64];
  return give(out, {room, std::strftime(room, sizeof room, "%A, %d-%b-%Y %H:%M:%S %Z", &parts)});
}

bool document_root(Request& r, string_view, std::string& out) { return give(out, document_root_of(r)); }
bool realpath_root(Request& r, string_view, std::string& out) {
  char resolved[PATH_MAX];
  if (::realpath(document_root_of(r).c_str(), resolved) == nullptr) return false;
  return give(out, resolved);
}
bool request_filename(Request& r, string_view, std::string& out) { return give(out, file_path_of(r, r.uri)); }

bool host(Request& r, string_view, std::string& out) {
  if (!r.host.empty()) return give(out, r.host);
  return give(out, r.server->names.empty() ? string_view() : first_name(*r.server));
}
// With the port that was asked for, which links and checks of a page's origin need. For wsgi_pass.
bool tierce_host(Request& r, string_view name, std::string& out) {
  if (!host(r, name, out)) return false;
  const string_view asked = r.exchange().part(r.exchange().head().authority);
  const std::size_t colon = asked.rfind(':');
  if (colon != string_view::npos && colon + 1 < asked.size() && asked.find(']', colon) == string_view::npos)
    out.append(asked.substr(colon));
  return true;
}
bool hostname(Request&, string_view, std::string& out) {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return give(out, name);
}
bool http2(Request& r, string_view, std::string& out) {
  return give(out, !r.client().is_http2() ? "" : r.tls ? "h2" : "h2c");
}
bool https(Request& r, string_view, std::string& out) { return give(out, r.tls ? "on" : ""); }
bool invalid_referer(Request& r, string_view, std::string& out) {
  if (r.settings->valid_referers.empty()) return give(out, "");
  std::string referer;
  const bool sent = http_field(r, "referer", referer);
  const RefererList& list = r.site.referers(*r.settings, *r.server);
  return give(out, list.is_valid(sent ? std::optional<string_view>(referer) : std::nullopt) ? "" : "1");
}
bool fastcgi_script_name(Request& r, string_view, std::string& out) { return give(out, fastcgi_script_of(r).name); }
bool fastcgi_path_info(Request& r, string_view, std::string& out) { return give(out, fastcgi_script_of(r).path_info); }
bool is_args(Request& r, string_view, std::string& out) { return give(out, r.args.empty() ? "" : "?"); }
bool limit_conn_status(Request& r, string_view, std::string& out) { return give_found(out, r.limit_conn_status); }
bool limit_req_status(Request& r, string_view, std::string& out) { return give_found(out, r.limit_req_status); }
bool limit_rate(Request& r, string_view, std::string& out) {
  if (!r.limit_rate.empty()) return give(out, r.limit_rate);
  const auto& given = r.settings->limit_rate;
  if (!given) return give(out, "0");
  std::string room;
  return give_number(out, conf::parse_size(r.site.text(r, *given, room), false).value_or(0));
}
bool msec(Request& r, string_view, std::string& out) {
  const std::uint64_t ms = r.site.loop().wall_ms();
  fmt::format_to(std::back_inserter(out), "{}.{:03}", ms / 1000, ms % 1000);
  return true;
}
bool nginx_version(Request&, string_view, std::string& out) { return give(out, kNginxVersion); }
bool pid(Request&, string_view, std::string& out) { return give_number(out, ::getpid()); }
bool pipe(Request& r, string_view, std::string& out) { return give(out, r.client().pipelined() ? "p" : "."); }

bool proxy_add_x_forwarded_for(Request& r, string_view, std::string& out) {
  if (http_field(r, "x_forwarded_for", out)) out += ", ";
  return r.site.variable(r, "remote_addr", out);
}
bool proxy_host(Request& r, string_view, std::string& out) { return give_found(out, r.proxy_host); }
bool proxy_port(Request& r, string_view, std::string& out) { return give_found(out, r.proxy_port); }
bool proxy_internal_body_length(Request& r, string_view, std::string& out) {
  return give_number(out, r.exchange().body_bytes);
}
bool proxy_internal_chunked(Request&, string_view, std::string& out) { return give(out, ""); }

bool proxy_protocol_addr(Request& r, string_view, std::string& out) {
  return give_found(out, r.client().peer().proxy_address());
}
bool proxy_protocol_port(Request& r, string_view, std::string& out) {
  return r.client().peer().proxy_port() != 0 && give_number(out, r.client().peer().proxy_port());
}
bool proxy_protocol_server_addr(Request& r, string_view, std::string& out) {
  return give_found(out, r.client().peer().proxy_server_address());
}
bool proxy_protocol_server_port(Request& r, string_view, std::string& out) {
  return r.client().peer().proxy_server_port() != 0 && give_number(out, r.client().peer().proxy_server_port());
}

bool socket_addr(Request& r, string_view, std::string& out) {
  const Peer& peer = r.client().peer();
  if (peer.is_unix) return give(out, "unix:");
  return give(out, {peer.remote.address, peer.remote.address_bytes});
}
bool socket_port(Request& r, string_view, std::string& out) {
  const Peer& peer = r.client().peer();
  return peer.is_unix ? give(out, "") : give_number(out, peer.remote.port);
}
bool remote_addr(Request& r, string_view name, std::string& out) {
  return r.real_address.empty() ? socket_addr(r, name, out) : give(out, r.real_address);
}
bool remote_port(Request& r, string_view name, std::string& out) {
  if (r.real_address.empty()) return socket_port(r, name, out);
  return r.real_port == 0 ? give(out, "") : give_number(out, r.real_port);
}
bool remote_user(Request& r, string_view, std::string& out) {
  if (!r.remote_user_known) {
    if (const auto credentials = parse_basic(r.field("authorization"))) r.remote_user = credentials->user;
    r.remote_user_known = true;
  }
  return give_found(out, r.remote_user);
}

string_view protocol_of(const Request& r) {
  if (r.client().is_http2()) return "HTTP/2.0";
  return r.exchange().head().minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1";
}
bool request(Request& r, string_view, std::string& out) {
  // As it came, which for a refused one may be anything up to the end of its line.
  const edge::Exchange& exchange = r.exchange();
  if (r.method_name.empty()) {
    const string_view bytes = exchange.in.view();
    const std::size_t end = bytes.find('\n');
    string_view line = bytes.substr(0, std::min<std::size_t>(end, 8192));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return give(out, line);
  }
  out.append(exchange.part(exchange.head().method_name)).append(" ").append(r.raw_target()).append(" ");
  return give(out, protocol_of(r));
}
bool request_body(Request& r, string_view, std::string& out) {
  const edge::Exchange& exchange = r.exchange();
  if (!r.body_read || exchange.body_file() >= 0 || exchange.body_bytes == 0) return false;
  if (!exchange.body_in_buffer) return give(out, exchange.body_memory);
  return give(out, exchange.in.view().substr(exchange.head().head_bytes, exchange.body_bytes));
}
bool request_body_file(Request& r, string_view, std::string& out) {
  if (!r.body_file.path().empty()) return give(out, r.body_file.path());
  return r.exchange().body_file() >= 0 &&
         give(out, fmt::format("/proc/{}/fd/{}", ::getpid(), r.exchange().body_file()));
}
bool request_completion(Request& r, string_view, std::string& out) { return give(out, r.header_sent ? "OK" : ""); }
bool request_id(Request& r, string_view, std::string& out) {
  if (r.request_id_hex.empty()) {
    thread_local std::mt19937_64 random{std::random_device{}()};
    r.request_id_hex = fmt::format("{:016x}{:016x}", random(), random());
  }
  return give(out, r.request_id_hex);
}
bool request_length(Request& r, string_view, std::string& out) {
  return give_number(out, r.exchange().head().head_bytes + r.exchange().body_bytes);
}
bool request_method(Request& r, string_view, std::string& out) {
  return give_found(out, r.parent == nullptr ? string_view(r.method_name) : string_view(r.parent->method_name));
}
bool request_time(Request& r, string_view, std::string& out) {
  const std::uint64_t ms = (os::monotonic_ns() - r.began_ns) / 1'000'000;
  fmt::format_to(std::back_inserter(out), "{}.{:03}", ms / 1000, ms % 1000);
  return true;
}
bool request_uri(Request& r, string_view, std::string& out) { return give_found(out, r.raw_uri()); }
bool scheme(Request& r, string_view, std::string& out) { return give(out, r.tls ? "https" : "http"); }

bool sent_field(Request& r, string_view name, std::string& out) { return from_fields(r.response.fields, name, out); }
bool sent_content_length(Request& r, string_view, std::string& out) {
  return r.response.content_length >= 0 && give_number(out, r.response.content_length);
}
bool sent_content_type(Request& r, string_view, std::string& out) {
  if (r.response.content_type.empty()) return false;
  out += r.response.content_type;
  if (!r.response.charset.empty()) out.append("; charset=").append(r.response.charset);
  return true;
}
bool sent_connection(Request& r, string_view, std::string& out) {
  if (r.response.status == 101) return give(out, "upgrade");
  return give(out, r.keep_alive ? "keep-alive" : "close");
}
bool sent_last_modified(Request& r, string_view, std::string& out) {
  if (r.response.last_modified < 0) return false;
  char text[http::kHttpDateBytes];
  http::format_http_date(r.response.last_modified, text);
  return give(out, {text, sizeof text});
}
bool sent_location(Request& r, string_view, std::string& out) {
  if (!r.response.location.empty()) return give(out, r.response.location);
  return from_fields(r.response.fields, "location", out);
}
bool sent_transfer_encoding(Request& r, string_view, std::string& out) {
  const bool chunked = r.response.content_length < 0 && r.exchange().head().minor_version >= 1 &&
                       !r.client().is_http2() && r.response.status != 304 && r.response.status != 204 && !r.is_head();
  return chunked && give(out, "chunked");
}
bool sent_keep_alive(Request& r, string_view, std::string& out) {
  const auto& timeout = r.settings->keepalive_timeout;
  if (!r.keep_alive || !timeout || timeout->in_header.count() == 0) return false;
  return give(out, fmt::format("timeout={}", timeout->in_header.count()));
}

bool server_addr(Request& r, string_view, std::string& out) { return give(out, r.client().peer().local_address()); }
bool server_port(Request& r, string_view, std::string& out) {
  return r.client().peer().is_unix ? give(out, "") : give_number(out, r.client().peer().local_port);
}
bool server_name(Request& r, string_view, std::string& out) { return give(out, first_name(*r.server)); }
bool server_protocol(Request& r, string_view, std::string& out) {
  return !r.raw_target().empty() && give(out, protocol_of(r));
}
bool status(Request& r, string_view, std::string& out) {
  // An error page says what it is the page of.
  const int number = r.answer_status > 0 ? r.answer_status : r.response.status;
  if (number < 100) out.append(number < 10 ? "00" : "0");
  return give_number(out, number);
}

bool time_iso8601(Request& r, string_view, std::string& out) {
  const std::time_t now = r.site.loop().wall();
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char room[40];
  std::size_t bytes = std::strftime(room, sizeof room, "%Y-%m-%dT%H:%M:%S%z", &parts);
  out.append(room, bytes - 2).append(":").append(room + bytes - 2, 2);
  return true;
}
bool time_local(Request& r, string_view, std::string& out) {
  thread_local std::time_t of = -1;
  thread_local char room[40];
  thread_local std::size_t bytes = 0;
  const std::time_t now = r.site.loop().wall();
  if (of != now) {
    std::tm parts{};
    ::localtime_r(&now, &parts);
    bytes = std::strftime(room, sizeof room, "%d/%b/%Y:%H:%M:%S %z", &parts);
    of = now;
  }
  return give(out, {room, bytes});
}

bool uri(Request& r, string_view, std::string& out) { return give_found(out, r.uri); }

// What each attempt says, with commas between those of one location and colons between locations.
template <typename Say>
bool upstream_list(Request& r, std::string& out, Say say) {
  const auto& attempts = r.upstream.attempts;
  if (attempts.empty()) return false;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    if (i > 0) out += attempts[i].redirected ? " : " : ", ";
    say(attempts[i]);
  }
  return true;
}
void append_seconds(std::string& out, bool known, std::uint64_t ms) {
  if (!known) {
    out += "-";
  } else {
    fmt::format_to(std::back_inserter(out), "{}.{:03}", ms / 1000, ms % 1000);
  }
}
bool upstream_addr(Request& r, string_view, std::string& out) {
  return upstream_list(r, out, [&](const UpstreamAttempt& each) { out += each.address; });
}
bool upstream_status(Request& r, string_view, std::string& out) {
  return upstream_list(r, out, [&](const UpstreamAttempt& each) {
    if (each.status != 0) {
      fmt::format_to(std::back_inserter(out), "{:03}", each.status);
    } else {
      out += "-";
    }
  });
}
bool upstream_connect_time(Request& r, string_view, std::string& out) {
  return upstream_list(r, out,
                       [&](const UpstreamAttempt& each) { append_seconds(out, each.connected, each.connect_ms); });
}
bool upstream_header_time(Request& r, string_view, std::string& out) {
  return upstream_list(r, out,
                       [&](const UpstreamAttempt& each) { append_seconds(out, each.answered, each.header_ms); });
}
bool upstream_response_time(Request& r, string_view, std::string& out) {
  return upstream_list(r, out, [&](const UpstreamAttempt& each) { append_seconds(out, each.ended, each.response_ms); });
}
bool upstream_response_length(Request& r, string_view, std::string& out) {
  return upstream_list(r, out, [&](const UpstreamAttempt& each) { give_number(out, each.body_bytes); });
}
bool upstream_bytes_received(Request& r, string_view, std::string& out) {
  return upstream_list(r, out, [&](const UpstreamAttempt& each) { give_number(out, each.bytes_received); });
}
bool upstream_bytes_sent(Request& r, string_view, std::string& out) {
  return upstream_list(r, out, [&](const UpstreamAttempt& each) { give_number(out, each.bytes_sent); });
}
bool upstream_http(Request& r, string_view name, std::string& out) { return from_fields(r.upstream.fields, name, out); }
bool upstream_cookie(Request& r, string_view name, std::string& out) {
  const FieldList& fields = r.upstream.fields;
  for (std::size_t i = fields.find("set-cookie"); i != FieldList::kNotFound; i = fields.find("set-cookie", i + 1)) {
    const string_view value = fields.value(i).substr(0, fields.value(i).find(';'));
    if (cookie_in(value, name, out)) return true;
  }
  return false;
}

bool gzip_ratio(Request& r, string_view, std::string& out) {
  if (r.gzip_ratio <= 0) return false;
  fmt::format_to(std::back_inserter(out), "{:.2f}", r.gzip_ratio);
  return true;
}
bool none(Request&, string_view, std::string&) { return false; }
bool sent_trailer(Request& r, string_view name, std::string& out) {
  return from_fields(r.response.trailers, name, out);
}

template <auto Member>
bool tcp_info_of(Request& r, string_view, std::string& out) {
  tcp_info info{};
  socklen_t size = sizeof info;
  const int fd = r.client().socket();
  return fd >= 0 && ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && give_number(out, info.*Member);
}
// Without the directives of their modules, as nginx gives them.
bool msie(Request& r, string_view, std::string& out) {
  return browser_of(r.field("user-agent")).msie && give(out, "1");
}
bool ancient_browser(Request&, string_view, std::string& out) { return give(out, "1"); }

struct Own {
  string_view name;
  ReadVariable read;
};

constexpr auto kOwn = std::to_array<Own>({
    {"ancient_browser", ancient_browser},
    {"args", args},
    {"binary_remote_addr", binary_remote_addr},
    {"body_bytes_sent", body_bytes_sent},
    {"bytes_sent", bytes_sent},
    {"connection", connection},
    {"connection_requests", connection_requests},
    {"connection_time", connection_time},
    {"connections_active", connections_active},
    {"connections_reading", connections_reading},
    {"connections_waiting", connections_waiting},
    {"connections_writing", connections_writing},
    {"content_length", content_length},
    {"content_type", content_type},
    {"date_gmt", date_gmt},
    {"date_local", date_local},
    {"document_root", document_root},
    {"document_uri", uri},
    {"fastcgi_path_info", fastcgi_path_info},
    {"fastcgi_script_name", fastcgi_script_name},
    {"gzip_ratio", gzip_ratio},
    {"host", host},
    {"hostname", hostname},
    {"http2", http2},
    {"https", https},
    {"invalid_referer", invalid_referer},
    {"is_args", is_args},
    {"limit_conn_status", limit_conn_status},
    {"limit_rate", limit_rate},
    {"limit_req_status", limit_req_status},
    {"modern_browser", none},
    {"msec", msec},
    {"msie", msie},
    {"nginx_version", nginx_version},
    {"pid", pid},
    {"pipe", pipe},
    {"proxy_add_x_forwarded_for", proxy_add_x_forwarded_for},
    {"proxy_host", proxy_host},
    {"proxy_internal_body_length", proxy_internal_body_length},
    {"proxy_internal_chunked", proxy_internal_chunked},
    {"proxy_port", proxy_port},
    {"proxy_protocol_addr", proxy_protocol_addr},
    {"proxy_protocol_port", proxy_protocol_port},
    {"proxy_protocol_server_addr", proxy_protocol_server_addr},
    {"proxy_protocol_server_port", proxy_protocol_server_port},
    {"query_string", args},
    {"realip_remote_addr", socket_addr},
    {"realip_remote_port", socket_port},
    {"realpath_root", realpath_root},
    {"remote_addr", remote_addr},
    {"remote_port", remote_port},
    {"remote_user", remote_user},
    {"request", request},
    {"request_body", request_body},
    {"request_body_file", request_body_file},
    {"request_completion", request_completion},
    {"request_filename", request_filename},
    {"request_id", request_id},
    {"request_length", request_length},
    {"request_method", request_method},
    {"request_time", request_time},
    {"request_uri", request_uri},
    {"scheme", scheme},
    {"secure_link", none},
    {"secure_link_expires", none},
    {"sent_http_connection", sent_connection},
    {"sent_http_content_length", sent_content_length},
    {"sent_http_content_type", sent_content_type},
    {"sent_http_keep_alive", sent_keep_alive},
    {"sent_http_last_modified", sent_last_modified},
    {"sent_http_location", sent_location},
    {"sent_http_transfer_encoding", sent_transfer_encoding},
    {"server_addr", server_addr},
    {"server_name", server_name},
    {"server_port", server_port},
    {"server_protocol", server_protocol},
    {"slice_range", none},
    {"status", status},
    {"tcpinfo_rcv_space", tcp_info_of<&tcp_info::tcpi_rcv_space>},
    {"tcpinfo_rtt", tcp_info_of<&tcp_info::tcpi_rtt>},
    {"tcpinfo_rttvar", tcp_info_of<&tcp_info::tcpi_rttvar>},
    {"tcpinfo_snd_cwnd", tcp_info_of<&tcp_info::tcpi_snd_cwnd>},
    {"tierce_host", tierce_host},
    {"time_iso8601", time_iso8601},
    {"time_local", time_local},
    {"uid_got", none},
    {"uid_set", none},
    {"upstream_addr", upstream_addr},
    {"upstream_bytes_received", upstream_bytes_received},
    {"upstream_bytes_sent", upstream_bytes_sent},
    {"upstream_cache_status", none},
    {"upstream_connect_time", upstream_connect_time},
    {"upstream_header_time", upstream_header_time},
    {"upstream_response_length", upstream_response_length},
    {"upstream_response_time", upstream_response_time},
    {"upstream_status", upstream_status},
    {"uri", uri},
});

constexpr auto kFamilies = std::to_array<Own>({
    {"arg_", arg},
    {"cookie_", cookie},
    {"http_", http_field},
    {"sent_http_", sent_field},
    {"sent_trailer_", sent_trailer},
    {"upstream_cookie_", upstream_cookie},
    {"upstream_http_", upstream_http},
    {"upstream_trailer_", none},
});

}  // namespace

ReadVariable find_own_variable(string_view name, string_view* argument) {
  const auto found = std::lower_bound(kOwn.begin(), kOwn.end(), name,
                                      [](const Own& each, string_view wanted) { return each.name < wanted; });
  if (found != kOwn.end() && found->name == name) return found->read;
  if (const ReadVariable read = find_tls_variable(name)) {
    *argument = name;
    return read;
  }
  for (const Own& family : kFamilies) {
    if (!name.starts_with(family.name)) continue;
    *argument = name.substr(family.name.size());
    return family.read;
  }
  return nullptr;
}

}  // namespace tierce::nginx
