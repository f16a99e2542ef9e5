// The head of an answer becomes that of our response: what is hidden, rewritten, or meant for us.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/nginx/normal_path.h"
#include "nginx/answer_rewriting.h"
#include "nginx/passing.h"
#include "nginx/paths.h"
#include "nginx/phases.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

using std::string_view;

// Fields that are never passed on unless proxy_pass_header names them.
constexpr auto kHiddenOfAll = std::to_array<string_view>(
    {"x-accel-expires", "x-accel-redirect", "x-accel-limit-rate", "x-accel-buffering", "x-accel-charset"});
constexpr auto kHiddenOfHttp = std::to_array<string_view>({"date", "server", "x-pad"});
// They are about one connection; of Content-Length and its kin the response has members.
constexpr auto kOwn = std::to_array<string_view>({"connection", "keep-alive", "transfer-encoding", "content-length"});
// What an answer keeps when X-Accel-Redirect names another one.
constexpr auto kKept =
    std::to_array<string_view>({"set-cookie", "content-disposition", "cache-control", "expires", "accept-ranges"});

bool is(string_view name, string_view lower) {
  return name.size() == lower.size() && http::equals_ignoring_case(name, lower);
}
template <typename Names>
bool is_among(const Names& names, string_view name) {
  return std::any_of(names.begin(), names.end(), [&](const auto& each) {
    return each.size() == name.size() && std::equal(each.begin(), each.end(), name.begin(), [](char a, char b) {
             const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
             return lower(a) == lower(b);
           });
  });
}

}  // namespace

bool Passing::is_hidden(string_view name) const {
  const conf::PassingSettings& settings = *how_.settings;
  if (is_among(settings.hide_headers, name)) return true;
  const bool by_default = is_among(kHiddenOfAll, name) ||
                          (how_.kind == PassHow::Kind::kHttp ? is_among(kHiddenOfHttp, name) : is(name, "status"));
  return by_default && !is_among(settings.pass_headers, name);
}

int Passing::follow_accel_redirect(string_view target) {
  Response& response = request_.response;
  FieldList& fields = request_.upstream.fields;
  response.restart();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (is_among(kKept, fields.name(i))) response.fields.add(fields.name(i), fields.value(i));
    if (is(fields.name(i), "content-type")) request_.accel_type = fields.value(i);
  }
  if (request_.method != http::Method::kHead) {
    request_.method = http::Method::kGet;
    request_.method_name = "GET";
  }
  if (target.starts_with('@')) return redirect_to_named(request_, target);
  std::string path;
  const std::size_t mark = target.find('?');
  // The path may be escaped, as a URI is.
  const auto normal = conf::normal_path(target.substr(0, mark), conf::Slashes::kKept);
  if (!normal || !target.starts_with('/') || !is_safe_uri(target)) {
    log(Level::kError,
        fmt::format("unsafe URI \"{}\" was detected while reading response header from upstream", target));
    return 404;
  }
  path = normal->path;
  const std::string args(mark == string_view::npos ? string_view() : target.substr(mark + 1));
  const int outcome = redirect_internally(request_, "/");
  request_.uri = std::move(path);
  request_.args = args;
  return outcome;
}

void Passing::copy_fields() {
  Response& response = request_.response;
  const FieldList& fields = request_.upstream.fields;
  const http::UpstreamHead& head = parser_.head();
  response.content_length = head.chunked ? -1 : head.content_length;
  const conf::ProxySettings& proxy = request_.settings->proxy;
  const bool rewrites = how_.kind == PassHow::Kind::kHttp;
  const Rewriting rewriting = {
      .text = [this](const conf::TextValue& text) { return request_.site.text(request_, text); },
      .matched = [this](const Regex& regex, string_view subject) { request_.take_captures(regex, subject); }};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const string_view name = fields.name(i), value = fields.value(i);
    if (is_among(kOwn, name) || is_hidden(name)) continue;
    if (is(name, "content-type")) {
      response.content_type = value;
    } else if (is(name, "etag")) {
      response.etag = value;
    } else if (is(name, "location")) {
      // What an application says stays as it is, relative or not; what was rewritten is a redirect of our own.
      // A field without a value is sent as one; a redirect of our own to nowhere would not be.
      auto made = rewrites ? rewrite_location(proxy, value, rewriting) : std::nullopt;
      if (made && !made->empty()) {
        response.location = std::move(*made);
      } else {
        response.fields.add("Location", made ? string_view() : value);
      }
    } else if (is(name, "refresh")) {
      const auto made = rewrites ? rewrite_refresh(proxy, value, rewriting) : std::nullopt;
      response.fields.add(name, made ? *made : value);
    } else if (is(name, "set-cookie")) {
      const auto made = rewrites ? rewrite_cookie(proxy, value, rewriting) : std::nullopt;
      response.fields.add(name, made ? *made : value);
    } else if (is(name, "accept-ranges") && how_.settings->force_ranges.value_or(false)) {
      continue;
    } else {
      response.fields.add(name, value);
    }
  }
}

int Passing::take_head() {
  const conf::PassingSettings& settings = *how_.settings;
  const http::UpstreamHead& head = parser_.head();
  const string_view bytes = unread();
  FieldList& fields = request_.upstream.fields;
  fields.clear();
  for (const http::HeaderField& field : head.fields)
    fields.add(field.name.in(bytes.data()), field.value.in(bytes.data()));
  Response& response = request_.response;
  const std::string reason(head.reason.in(bytes.data()));
  consume(head.head_bytes);
  reader_.begin_body(head, !request_.is_head() && head.status != 204 && head.status != 304);

  const auto ignored = [&](string_view name) { return is_among(settings.ignore_headers, name); };
  const string_view accel = fields.get("x-accel-redirect");
  if (fields.find("x-accel-redirect") != FieldList::kNotFound && !ignored("X-Accel-Redirect") &&
      request_.parent == nullptr)
    return follow_accel_redirect(accel);
  if (settings.intercept_errors.value_or(false) && head.status >= 300) {
    for (const conf::ErrorPage& page : request_.settings->error_pages) {
      if (std::find(page.statuses.begin(), page.statuses.end(), head.status) == page.statuses.end()) continue;
      const string_view challenge = fields.get("www-authenticate");
      if (head.status == 401 && !challenge.empty())
        response.fields.set("WWW-Authenticate", "www-authenticate", challenge);
      return head.status;
    }
  }
  buffering_ = settings.buffering.value_or(true);
  if (const string_view said = fields.get("x-accel-buffering"); !said.empty() && !ignored("X-Accel-Buffering")) {
    if (is(said, "no")) buffering_ = false;
    if (is(said, "yes")) buffering_ = true;
  }
  if (const string_view rate = fields.get("x-accel-limit-rate"); !rate.empty() && !ignored("X-Accel-Limit-Rate"))
    request_.limit_rate = rate;
  response.restart();
  response.status = head.status;
  response.reason = reason;
  response.no_conditions = true;
  copy_fields();
  if (const string_view charset = fields.get("x-accel-charset"); !charset.empty() && !ignored("X-Accel-Charset"))
    response.charset = charset;
  response.ranges = response.single_range = settings.force_ranges.value_or(false);
  return kNext;
}

}  // namespace tierce::nginx
