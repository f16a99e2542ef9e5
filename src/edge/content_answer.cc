// What the edge answers without the application: what routes say, then files.
#include <fmt/format.h>

#include <algorithm>

#include "base/regex.h"
#include "edge/connection.h"
#include "edge/edge_thread.h"
#include "edge/file_response.h"
#include "http/percent.h"
#include "http/static_path.h"

namespace tierce::edge {
namespace {

std::string_view decoded_path(const Exchange& exchange, std::string& room) {
  const http::RequestHead& head = exchange.head();
  const std::string_view path = head.path.length > 0 ? exchange.part(head.path) : "/";
  if (head.path_form != http::PathForm::kRaw || path.find('%') == std::string_view::npos) return path;
  room.resize(path.size());
  room.resize(http::decode_path(path, room.data()));
  return room;
}

class ExchangeVariables final : public RouteRequest {
 public:
  ExchangeVariables(const Exchange& exchange, std::string_view path, std::string_view address,
                    std::string_view protocol)
      : exchange_(exchange), path_(path), address_(address), protocol_(protocol) {}

  std::string_view variable(std::string_view name) const override {
    const http::RequestHead& head = exchange_.head();
    if (name == "PATH_INFO") return path_;
    if (name == "REQUEST_URI") return exchange_.part(head.target);
    if (name == "REQUEST_METHOD") return exchange_.part(head.method_name);
    if (name == "QUERY_STRING") return exchange_.part(head.query);
    if (name == "HTTP_HOST") return exchange_.part(head.authority);
    if (name == "REMOTE_ADDR") return address_;
    if (name == "REMOTE_USER" && head.form == http::FieldForm::kHeaders) return {};
    if (name == "SERVER_PROTOCOL") return protocol_;
    if (name == "UWSGI_SCHEME" || name == "REQUEST_SCHEME") return exchange_.client.https ? "https" : "http";
    const bool headers = head.form == http::FieldForm::kHeaders;
    for (std::uint32_t i = 0; i < head.field_count; ++i) {
      const http::HeaderField& field = exchange_.head_fields()[i];
      const std::string_view each = exchange_.part(field.name);
      if (headers ? is_variable_of(name, each) : each == name) return exchange_.part(field.value);
    }
    return {};
  }

 private:
  // HTTP_USER_AGENT for User-Agent.
  static bool is_variable_of(std::string_view name, std::string_view field) {
    if (name.starts_with("HTTP_")) {
      name.remove_prefix(5);
    } else if (name != "CONTENT_TYPE" && name != "CONTENT_LENGTH") {
      return false;
    }
    if (name.size() != field.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
      const char c = field[i];
      if (name[i] != (c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c)) return false;
    }
    return true;
  }

  const Exchange& exchange_;
  std::string_view path_, address_, protocol_;
};

// A client must not end a line of the log.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return text;
}

FileRequest asked_by(const Exchange& exchange) {
  return {.conditions = {.if_match = exchange.field("if-match"),
                         .if_none_match = exchange.field("if-none-match"),
                         .if_modified_since = exchange.field("if-modified-since"),
                         .if_unmodified_since = exchange.field("if-unmodified-since"),
                         .if_range = exchange.field("if-range")},
          .range = exchange.field("range"),
          .modified_since = http::ModifiedSince::kBefore};
}

// uWSGI's http-to-https: the same at https, at its usual port.
ReadyResponse redirect_to_https(const Exchange& exchange) {
  const http::RequestHead& head = exchange.head();
  std::string_view host = exchange.part(head.authority);
  if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos && host.find(']', colon) == host.npos)
    host = host.substr(0, colon);
  if (host.empty()) return {.status = 400};
  std::string_view target = exchange.part(head.target);
  if (!target.starts_with('/')) target = "/";  // "*", or an absolute one, whose host is in `authority`.
  return {.status = 301, .fields = fmt::format("Location: https://{}{}\r\n", host, target)};
}

}  // namespace

std::optional<ReadyResponse> Connection::follow_routes(const StaticRequest& asked) {
  const Routes& routes = thread_.routes();
  Exchange& exchange = *exchange_;
  const bool plain = wire_.is_http();
  const std::string_view address = plain ? std::string_view(peer_.address, peer_.address_bytes)
                                         : exchange.variables.remote_address(exchange.head_bytes());
  const std::string_view protocol = plain ? (exchange.head().minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1")
                                          : exchange.variables.protocol(exchange.head_bytes());
  static_cast<void>(Regex::gave_up());
  Routed routed = routes.apply(ExchangeVariables(exchange, asked.path, address, protocol));
  if (Regex::gave_up()) {
    // It may have been the rule that keeps somebody out.
    thread_.error_log().line(os::LogLevel::kError, fmt::format("request {}: a route's regular expression gave up "
                                                               "(PCRE2's limits): 500",
                                                               exchange.id_text()));
    return ReadyResponse{.status = 500};
  }
  for (const std::string& text : routed.messages) {
    thread_.error_log().line(os::LogLevel::kInfo, fmt::format("request {}: {}", exchange.id_text(), printable(text)));
  }
  exchange.added_fields = std::move(routed.added_fields);
  exchange.removed_fields = std::move(routed.removed_fields);
  exchange.not_logged = routed.not_logged;
  exchange.remote_user = routed.user();
  for (const auto& [name, value] : routed.log_variables) exchange.add_log_variable(name, value);
  if (routed.response) return std::move(routed.response);
  if (!routed.root.empty()) {
    const http::Method method = exchange.head().method;
    if (method != http::Method::kGet && method != http::Method::kHead) {
      return ReadyResponse{.status = 405, .fields = "Allow: GET, HEAD\r\n"};
    }
    auto found = thread_.static_files().open(routed.root, routed.file, asked);
    if (!found) return ReadyResponse{.status = 404};
    return make_file_response(std::move(found->file), found->type, found->fields, asked_by(exchange));
  }
  for (const auto& [name, value] : routed.variables) {
    // What the application would not learn might be what keeps somebody out.
    if (!exchange.add_variable(name, value)) return ReadyResponse{.status = 431};
  }
  return std::nullopt;
}

std::optional<ReadyResponse> Connection::find_content() {
  if (thread_.listener(listener_).to_https && !exchange_->client.https) return redirect_to_https(*exchange_);
  StaticFiles& files = thread_.static_files();
  const bool routed = thread_.routes().any();
  if (!files.any() && !routed) return std::nullopt;
  Exchange& exchange = *exchange_;
  const http::RequestHead& head = exchange.head();
  std::string decoded, plain;
  std::string_view path = decoded_path(exchange, decoded);
  if (routed) {
    // Routes, files and the application must mean the same path, or "/x/../private" passes a rule for "/private".
    plain = http::without_dot_segments(path);
    if (plain != path && !exchange.add_variable("PATH_INFO", plain)) return ReadyResponse{.status = 431};
    path = plain;
  }
  const StaticRequest asked{.path = path,
                            .target = exchange.part(head.target),
                            .accept_encoding = exchange.field("accept-encoding"),
                            .now_ns = thread_.now_ns(),
                            .wall = thread_.wall()};
  if (routed) {
    if (auto response = follow_routes(asked)) return response;
    // To a rule "/a//b" is not "/a/b"; to the file system it is.
    if (path.find("//") != std::string_view::npos) return std::nullopt;
  }
  const bool reads = head.method == http::Method::kGet || head.method == http::Method::kHead;
  if (!reads || !files.may_answer(path)) return std::nullopt;
  auto found = files.find(asked);
  if (!found) return std::nullopt;
  return make_file_response(std::move(found->file), found->type, found->fields, asked_by(exchange));
}

}  // namespace tierce::edge
