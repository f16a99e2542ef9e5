#include "nginx/pass_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "http/cgi_request.h"
#include "nginx/one_line.h"
#include "nginx/paths.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

using std::string_view;

bool same_name(string_view a, string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
           return lower(x) == lower(y);
         });
}

bool is_set(const std::vector<conf::NamedText>& set, string_view name) {
  return std::any_of(set.begin(), set.end(), [&](const conf::NamedText& each) { return same_name(each.name, name); });
}

struct Default {
  string_view name, value;
};
// What nginx sends unless proxy_set_header says otherwise; "" is left out.
constexpr auto kDefaults = std::to_array<Default>({{"Host", "$proxy_host"},
                                                   {"Connection", "close"},
                                                   {"TE", ""},
                                                   {"Transfer-Encoding", ""},
                                                   {"Content-Length", ""},
                                                   {"Keep-Alive", ""},
                                                   {"Expect", ""},
                                                   {"Upgrade", ""}});

bool is_default(string_view name) {
  return std::any_of(kDefaults.begin(), kDefaults.end(),
                     [&](const Default& each) { return same_name(each.name, name); });
}

// $ssl_client_cert is of several lines that begin with a tab: one field, folded (RFC 9112 5.2), as nginx sends it.
bool is_certificate(const conf::TextValue& value) {
  return value.parts.size() == 1 && value.parts.front().kind == conf::TextPart::Kind::kVariable &&
         value.parts.front().text == "ssl_client_cert";
}

bool has_request_body(const Request& request) {
  return request.parent == nullptr && request.exchange().head().body != http::BodyKind::kNone;
}

void append_http(Request& request, const PassHow& how, const PassPlace& place, bool chunked, std::string& out) {
  const conf::ProxySettings& proxy = request.settings->proxy;
  const conf::PassingSettings& settings = *how.settings;
  Site& site = request.site;
  std::string room;
  out += proxy.method ? one_line(site.text(request, *proxy.method, room)) : std::string(request.method_name);
  const std::string target = pass_target_of(request, place);
  out.append(" ").append(is_one_line(target) ? target : one_line(target)).append(" HTTP/");
  const std::string version = proxy.http_version.value_or("1.0");
  out.append(version).append("\r\n");
  const auto line = [&out](string_view name, string_view value) {
    if (value.empty()) return;
    out.append(name).append(": ");
    if (is_one_line(value)) {
      out.append(value).append("\r\n");
    } else {
      out.append(one_line(value)).append("\r\n");
    }
  };
  for (const conf::NamedText& each : settings.set) {
    const string_view value = site.text(request, each.value, room);
    if (is_certificate(each.value) && !value.empty()) {
      out.append(each.name).append(": ").append(value).append("\r\n");
    } else {
      line(each.name, value);
    }
  }
  if (!is_set(settings.set, "Host")) line("Host", request.proxy_host);
  if (!is_set(settings.set, "Connection")) line("Connection", "close");
  if (proxy.body && settings.pass_request_body.value_or(true)) {
    if (!is_set(settings.set, "Content-Length"))
      line("Content-Length", std::to_string(site.text(request, *proxy.body).size()));
  } else if (settings.pass_request_body.value_or(true) && has_request_body(request)) {
    if (chunked) {
      line("Transfer-Encoding", "chunked");
    } else if (!is_set(settings.set, "Content-Length")) {
      line("Content-Length", std::to_string(request.body_read ? request.exchange().body_bytes
                                                              : request.exchange().head().content_length));
    }
  }
  if (settings.pass_request_headers.value_or(true)) {
    const edge::Exchange& exchange = request.exchange();
    for (std::uint32_t i = 0; i < exchange.head().field_count; ++i) {
      const string_view name = exchange.part(exchange.head_fields()[i].name);
      if (is_default(name) || is_set(settings.set, name)) continue;
      out.append(name).append(": ").append(exchange.part(exchange.head_fields()[i].value)).append("\r\n");
    }
  }
  out += "\r\n";
}

void append_variable_name(std::string& out, string_view field) {
  out += "HTTP_";
  const std::size_t from = out.size();
  out += field;
  for (std::size_t i = from; i < out.size(); ++i) {
    const char c = out[i];
    out[i] = c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
}

std::optional<std::size_t> find_param(const http::CgiParams& params, string_view name, std::size_t from,
                                      std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    if (params.name(i) == name) return i;
  }
  return std::nullopt;
}

// A param HTTP_X takes the place of the header X, also where it has no value itself: `uwsgi_param HTTP_PROXY ""`.
// Asked of every param of every request: nothing is called for it.
bool is_header_param(const conf::NamedText& param) {
  constexpr string_view kPrefix = "HTTP_";
  return param.name.size() > kPrefix.size() && std::memcmp(param.name.data(), kPrefix.data(), kPrefix.size()) == 0;
}

void add_header_params(const Request& request, const std::vector<conf::NamedText>& said, http::CgiParams& params) {
  const std::size_t given = params.size();
  const bool any_said = std::any_of(said.begin(), said.end(), is_header_param);
  const edge::Exchange& exchange = request.exchange();
  for (std::uint32_t i = 0; i < exchange.head().field_count; ++i) {
    params.begin();
    append_variable_name(params.text(), exchange.part(exchange.head_fields()[i].name));
    const string_view name = params.open_name();
    if (any_said && std::any_of(said.begin(), said.end(), [&](const auto& each) { return each.name == name; })) {
      params.drop();
      continue;
    }
    const string_view value = exchange.part(exchange.head_fields()[i].value);
    // Two fields of one name are one variable.
    if (const auto twice = find_param(params, params.open_name(), given, params.size())) {
      const bool is_cookie = params.open_name() == "HTTP_COOKIE";
      params.drop();
      params.extend(*twice, is_cookie ? "; " : ", ", value);
      continue;
    }
    params.begin_value();
    params.text().append(value);
    params.end();
  }
}

}  // namespace

// The memory is used again by the next request of the thread.
http::CgiParams& params_of(Request& request, const PassHow& how) {
  thread_local http::CgiParams params;
  params.clear();
  const conf::PassingSettings& settings = *how.settings;
  const bool as_usual = settings.set.empty() && how.app_params != nullptr;
  const std::vector<conf::NamedText>& said = as_usual ? *how.app_params : settings.set;
  for (const conf::NamedText& each : said) {
    if (each.value.written.empty() && is_header_param(each)) continue;
    params.begin();
    params.text().append(each.name);
    params.begin_value();
    const std::size_t before = params.text().size();
    request.site.append_text(request, each.value, params.text());
    if (each.if_not_empty && params.text().size() == before) {
      params.drop();
    } else {
      params.end();
    }
  }
  if (how.kind == PassHow::Kind::kScgi) {
    for (std::size_t i = params.size(); i-- > 0;) {
      if (params.name(i) == "CONTENT_LENGTH") params.remove(i);
    }
    const bool body = has_request_body(request) && settings.pass_request_body.value_or(true);
    params.add("CONTENT_LENGTH", std::to_string(body ? request.exchange().body_bytes : 0));
  }
  if (settings.pass_request_headers.value_or(true)) add_header_params(request, said, params);
  return params;
}

std::string pass_target_of(Request& request, const PassPlace& place) {
  if (place.has_variables && !place.uri.empty()) return place.uri;
  if (place.uri.empty() && request.valid_raw_uri && request.parent == nullptr) return std::string(request.raw_uri());
  std::size_t prefix = 0;
  if (request.valid_location && !place.uri.empty() && request.location->pattern)
    prefix = std::min(request.location->pattern->text.size(), request.uri.size());
  std::string target;
  if (request.valid_location) target = place.uri;
  const string_view rest = string_view(request.uri).substr(prefix);
  const bool escaped = request.raw_target().find('%') != string_view::npos;
  if (escaped || request.internal) {
    append_escaped(target, rest, Escape::kUri);
  } else {
    target += rest;
  }
  if (!request.args.empty()) target.append("?").append(request.args);
  return target.empty() ? "/" : target;
}

std::optional<PassHow> how_to_pass(const conf::LocationSettings& settings) {
  using Kind = PassHow::Kind;
  if (settings.proxy.passing.pass) return PassHow{Kind::kHttp, &settings.proxy.passing};
  if (settings.uwsgi.passing.pass) return PassHow{Kind::kUwsgi, &settings.uwsgi.passing};
  if (settings.fastcgi.passing.pass) return PassHow{Kind::kFastcgi, &settings.fastcgi.passing};
  if (settings.scgi.passing.pass) return PassHow{Kind::kScgi, &settings.scgi.passing};
  if (settings.wsgi_pass) {
    return PassHow{.kind = Kind::kUwsgi,
                   .settings = &settings.uwsgi.passing,
                   .app = &*settings.wsgi_pass,
                   .app_params = &settings.wsgi_params};
  }
  return std::nullopt;
}

bool append_request_head(Request& request, const PassHow& how, const PassPlace& place, bool chunked_body,
                         std::string& out) {
  switch (how.kind) {
    case PassHow::Kind::kHttp:
      append_http(request, how, place, chunked_body, out);
      return true;
    case PassHow::Kind::kUwsgi:
      return http::append_uwsgi_request(out, params_of(request, how),
                                        static_cast<std::uint8_t>(request.settings->uwsgi.modifier1.value_or(0)),
                                        static_cast<std::uint8_t>(request.settings->uwsgi.modifier2.value_or(0)));
    case PassHow::Kind::kFastcgi:
      http::append_fastcgi_request(out, params_of(request, how), request.settings->fastcgi.keep_conn.value_or(false));
      return true;
    case PassHow::Kind::kScgi:
      http::append_scgi_request(out, params_of(request, how));
      return true;
  }
  return false;
}

void append_request_body(const PassHow& how, bool chunked_body, string_view part, std::string& out) {
  if (how.kind == PassHow::Kind::kFastcgi) return http::append_fastcgi_body(out, part);
  if (!chunked_body) {
    out += part;
  } else if (part.empty()) {
    out += "0\r\n\r\n";
  } else {
    out += fmt::format("{:x}\r\n", part.size());
    out.append(part).append("\r\n");
  }
}

bool AnswerReader::unwrap(string_view bytes, std::string& plain, std::string& errors) {
  using Outcome = http::RecordDecoder::Outcome;
  // Also with nothing left: a record whose last byte was the input's is over.
  while (!ended_) {
    const auto step = records_.next(bytes);
    bytes.remove_prefix(step.consumed);
    const auto type = static_cast<http::RecordType>(records_.type());
    if (step.outcome == Outcome::kRefused) return false;
    if (step.outcome == Outcome::kNeedMore) return true;
    if (step.outcome == Outcome::kContent && type == http::RecordType::kStdout) plain += step.data;
    if (step.outcome == Outcome::kContent && type == http::RecordType::kStderr) errors += step.data;
    if (step.outcome == Outcome::kEnd && type == http::RecordType::kEndRequest) ended_ = true;
  }
  return true;
}

void AnswerReader::begin_body(const http::UpstreamHead& head, bool has_body) {
  chunked_ = head.chunked && has_body;
  chunks_.reset();
  length_left_ = head.content_length;
  complete_ = !has_body || (!chunked_ && length_left_ == 0);
}

AnswerReader::Step AnswerReader::body(string_view bytes, string_view* data, std::size_t* used) {
  *used = 0;
  if (complete_) return Step::kEnd;
  if (chunked_) {
    for (;;) {
      const auto step = chunks_.next(bytes.substr(*used));
      *used += step.consumed;
      switch (step.outcome) {
        case http::ChunkedDecoder::Outcome::kData:
          *data = step.data;
          return Step::kData;
        case http::ChunkedDecoder::Outcome::kDone:
          complete_ = true;
          return Step::kEnd;
        case http::ChunkedDecoder::Outcome::kRefused:
          return Step::kBad;
        case http::ChunkedDecoder::Outcome::kNeedMore:
          return Step::kNeedMore;
      }
    }
  }
  if (bytes.empty()) return Step::kNeedMore;
  const std::size_t now =
      length_left_ < 0 ? bytes.size() : std::min(bytes.size(), static_cast<std::size_t>(length_left_));
  *data = bytes.substr(0, now);
  *used = now;
  if (length_left_ >= 0) {
    length_left_ -= static_cast<std::int64_t>(now);
    complete_ = length_left_ == 0;
  }
  return Step::kData;
}

}  // namespace tierce::nginx
