// What the edge answers without the application: files.
#include "edge/connection.h"
#include "edge/edge_thread.h"
#include "edge/file_response.h"
#include "http/percent.h"

namespace tierce::edge {

std::optional<ReadyResponse> Connection::find_content() {
  StaticFiles& files = thread_.static_files();
  const Exchange& exchange = *exchange_;
  const http::RequestHead& head = exchange.head();
  if (!files.any() || (head.method != http::Method::kGet && head.method != http::Method::kHead)) return std::nullopt;
  std::string_view path = head.path.length > 0 ? exchange.part(head.path) : "/";
  std::string decoded;
  if (head.path_form == http::PathForm::kRaw && path.find('%') != std::string_view::npos) {
    decoded.resize(path.size());
    decoded.resize(http::decode_path(path, decoded.data()));
    path = decoded;
  }
  if (!files.may_answer(path)) return std::nullopt;
  auto found = files.find({.path = path,
                           .target = exchange.part(head.target),
                           .accept_encoding = exchange.field("accept-encoding"),
                           .now_ns = thread_.now_ns(),
                           .wall = thread_.wall()});
  if (!found) return std::nullopt;
  const FileRequest asked{.conditions = {.if_match = exchange.field("if-match"),
                                         .if_none_match = exchange.field("if-none-match"),
                                         .if_modified_since = exchange.field("if-modified-since"),
                                         .if_unmodified_since = exchange.field("if-unmodified-since"),
                                         .if_range = exchange.field("if-range")},
                          .range = exchange.field("range"),
                          .modified_since = http::ModifiedSince::kBefore};
  return make_file_response(std::move(found->file), found->type, found->fields, asked);
}

}  // namespace tierce::edge
