#include "nginx/responder.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/nginx/values.h"
#include "http/byte_range.h"
#include "http/conditional.h"
#include "http/http_date.h"
#include "nginx/body_filter.h"
#include "nginx/browser.h"
#include "nginx/error_logs.h"
#include "nginx/expires_field.h"
#include "nginx/one_line.h"
#include "nginx/paths.h"
#include "nginx/site.h"
#include "os/clock.h"

namespace tierce::nginx {
namespace {

// A part of a file up to this size is copied behind its head and leaves with one send().
constexpr std::uint64_t kCopyMax = 16384;

bool is_good(int status) {
  switch (status) {
    case 200:
    case 201:
    case 204:
    case 206:
    case 301:
    case 302:
    case 303:
    case 304:
    case 307:
    case 308:
      return true;
    default:
      return false;
  }
}

http::Conditions conditions_of(const Request& request) {
  const auto rule = request.settings->if_modified_since.value_or(conf::IfModifiedSince::kExact);
  return {.if_match = request.field("if-match"),
          .if_none_match = request.field("if-none-match"),
          .if_modified_since =
              rule == conf::IfModifiedSince::kOff ? std::string_view() : request.field("if-modified-since"),
          .if_unmodified_since = request.field("if-unmodified-since"),
          .if_range = request.field("if-range")};
}

int check_conditions(Request& request) {
  Response& response = request.response;
  if (response.status != 200 || response.no_conditions || request.parent != nullptr) return kNext;
  if (response.last_modified < 0 && response.etag.empty()) return kNext;
  const auto rule = request.settings->if_modified_since == conf::IfModifiedSince::kBefore ? http::ModifiedSince::kBefore
                                                                                          : http::ModifiedSince::kExact;
  const int judged =
      http::judge(conditions_of(request), {.modified = response.last_modified, .tag = response.etag}, rule);
  if (judged == 412) return 412;
  if (judged != 304) return kNext;
  response.status = 304;
  response.content_type.clear();
  response.charset.clear();
  response.content_length = -1;
  response.ranges = false;
  response.clear_body();
  return kNext;
}

void add_configured_fields(Request& request) {
  const conf::LocationSettings& settings = *request.settings;
  Response& response = request.response;
  const bool good = is_good(response.status);
  if (good && settings.expires) add_expires(request, *settings.expires);
  std::string room;
  for (const conf::NamedText& field : settings.add_headers) {
    if (!good && !field.always) continue;
    const std::string_view value = request.site.text(request, field.value, room);
    const std::string& name = field.name;
    // These are the response's own: another takes its place, and "" takes it away.
    if (http::equals_ignoring_case(name, "last-modified")) {
      response.last_modified = -1;
      response.fields.remove("last-modified");
      if (!value.empty()) response.fields.add("Last-Modified", value);
    } else if (http::equals_ignoring_case(name, "etag")) {
      response.etag = one_line(value);
    } else if (!value.empty()) {
      response.fields.add(name, value);
    }
  }
}

bool has_body(const Request& request) {
  return !request.is_head() && request.response.status != 204 && request.response.status != 304;
}

// They need chunks, or HTTP/2.
bool takes_trailers(const Request& request) {
  const Response& response = request.response;
  if (!has_body(request) || response.status < 200 || request.parent != nullptr || request.refused != 0) return false;
  const bool is_old = !request.client().is_http2() && request.exchange().head().minor_version == 0;
  return !is_old && request.settings->chunked_transfer_encoding.value_or(true);
}

void announce_trailers(Request& request) {
  const bool good = is_good(request.response.status);
  const auto& trailers = request.settings->add_trailers;
  const bool any = std::any_of(trailers.begin(), trailers.end(),
                               [good](const conf::NamedText& each) { return good || each.always; });
  if (!any || !takes_trailers(request)) return;
  request.response.trailers_follow = true;
  request.response.content_length = -1;
}

// Known when the body has come, before it is packed to its end.
void collect_trailers(Request& request) {
  Response& response = request.response;
  const bool good = is_good(response.status);
  std::string room;
  for (const conf::NamedText& each : request.settings->add_trailers) {
    if (!good && !each.always) continue;
    const std::string_view value = request.site.text(request, each.value, room);
    if (!value.empty()) response.trailers.add(each.name, value);
  }
}

void send_trailers(Request& request) {
  const FieldList& trailers = request.response.trailers;
  for (std::size_t i = 0; i < trailers.size(); ++i) request.client().add_trailer(trailers.name(i), trailers.value(i));
}

bool is_among(const conf::Words& types, std::string_view type) {
  return std::any_of(types.begin(), types.end(), [&](const std::string& each) {
    return each == "*" || (each.size() == type.size() && http::equals_ignoring_case(type, each));
  });
}

std::string_view bare_type(const Response& response) {
  const std::string_view type = response.content_type;
  return http::trim_blanks(type.substr(0, type.find(';')));
}

bool names_charset(const conf::Location& location, std::string_view name) {
  const auto& charset = location.settings.charset;
  if (charset && charset->size() == name.size() && http::equals_ignoring_case(*charset, name)) return true;
  const auto inside = [name](const conf::Instruction& each) {
    const auto* branch = std::get_if<conf::If>(&each);
    return branch != nullptr && names_charset(*branch->inside, name);
  };
  return std::any_of(location.locations.begin(), location.locations.end(),
                     [name](const auto& each) { return names_charset(*each, name); }) ||
         std::any_of(location.instructions.begin(), location.instructions.end(), inside);
}

// nginx says one charset in place of another unless it knows both: then a charset_map would have to say how.
bool may_be_overridden(Request& request, std::string_view given, std::string_view by) {
  given = http::trim_blanks(given.substr(0, given.find(';')));
  if (given.size() >= 2 && given.starts_with('"')) given = given.substr(1, given.size() - 2);
  if (given.size() == by.size() && http::equals_ignoring_case(given, by)) return true;
  const auto& servers = request.site.model().servers;
  if (std::none_of(servers.begin(), servers.end(),
                   [given](const auto& server) { return names_charset(server->root, given); }))
    return true;
  request.site.error_logs().line(Level::kError, request,
                                 fmt::format("no \"charset_map\" between the charsets \"{}\" and \"{}\"", given, by));
  return false;
}

void add_charset(Request& request) {
  const conf::LocationSettings& settings = *request.settings;
  Response& response = request.response;
  if (!settings.charset || *settings.charset == "off" || response.content_type.empty()) return;
  if (!response.charset.empty()) return;
  const std::size_t given = response.content_type.find("charset=");
  const bool overrides = given != std::string::npos;
  if (overrides && !settings.override_charset.value_or(false)) return;
  if (!overrides && bare_type(response) != "text/html" && !is_among(settings.charset_types, bare_type(response)))
    return;
  if (response.status == 301 || response.status == 302) return;
  std::string room = *settings.charset;
  if (room.starts_with('$')) {
    std::string value;
    request.site.variable(request, std::string_view(room).substr(1), value);
    room = is_one_line(value) ? std::move(value) : one_line(value);
  }
  if (overrides) {
    constexpr std::size_t kName = std::string_view("charset=").size();
    if (!may_be_overridden(request, std::string_view(response.content_type).substr(given + kName), room)) return;
    response.content_type.resize(bare_type(response).size());
  }
  response.charset = std::move(room);
}

// A validator, or a date: nothing else makes the range hold.
bool if_range_is_sound(std::string_view text) {
  return text.empty() || text.ends_with('"') || http::parse_http_date(text).has_value();
}

// One range becomes the body; several become parts of a multipart/byteranges.
int take_ranges(Request& request) {
  Response& response = request.response;
  if (!response.ranges || response.status != 200 || response.content_length < 0 || request.parent != nullptr)
    return kNext;
  if (request.settings->max_ranges == std::int64_t{0}) return kNext;
  const std::string_view asked = request.field("range");
  const http::Validators validators{.modified = modified_time(response), .tag = response.etag};
  const bool asks = asked.size() > std::string_view("bytes=").size() && if_range_is_sound(request.field("if-range"));
  if (!asks || !http::range_applies(conditions_of(request), validators)) {
    response.fields.add("Accept-Ranges", "bytes");
    return kNext;
  }
  const auto size = static_cast<std::uint64_t>(response.content_length);
  const http::RangeRequest wanted = http::parse_range(asked, size);
  using Kind = http::RangeRequest::Kind;
  // Of nothing the beginning is all of it.
  const bool of_nothing = size == 0 && (asked.find("=0-") == 5 || asked.find("=-") == 5);
  if (wanted.kind == Kind::kUnsatisfiable && !of_nothing) {
    response.fields.set("Content-Range", "content-range", fmt::format("bytes */{}", size));
    return 416;
  }
  const auto most = response.single_range ? std::int64_t{1} : request.settings->max_ranges;
  const bool too_many = most && static_cast<std::int64_t>(wanted.parts.size()) > *most;
  if (wanted.kind == Kind::kWhole || too_many || of_nothing) {
    response.fields.add("Accept-Ranges", "bytes");
    return kNext;
  }
  response.status = 206;
  response.parts_done = true;
  if (response.single_range) {
    const http::ByteRange& only = wanted.parts.front();
    response.fields.add("Content-Range", fmt::format("bytes {}-{}/{}", only.begin, only.end - 1, size));
    response.reason.clear();  // That was one of 200.
    response.cut = Response::Cut{only.begin, only.end - only.begin};
    response.content_length = static_cast<std::int64_t>(only.end - only.begin);
    return kNext;
  }
  const bool from_file = response.from_file();
  const std::string text = from_file || response.parts.empty() ? std::string() : response.parts.front().text;
  response.parts.clear();
  const auto add_part = [&](std::string head, const http::ByteRange& range) {
    if (from_file) {
      response.parts.push_back({std::move(head), range.begin, range.end - range.begin});
    } else {
      response.parts.push_back({head + text.substr(range.begin, range.end - range.begin)});
    }
  };
  if (wanted.parts.size() == 1) {
    const http::ByteRange& only = wanted.parts.front();
    response.fields.add("Content-Range", fmt::format("bytes {}-{}/{}", only.begin, only.end - 1, size));
    add_part({}, only);
  } else {
    static std::atomic<std::uint64_t> boundaries{0};
    const std::string boundary = fmt::format("{:020}", ++boundaries);
    std::string type = std::move(response.content_type);
    if (!response.charset.empty()) type += "; charset=" + std::exchange(response.charset, {});
    response.content_type = fmt::format("multipart/byteranges; boundary={}", boundary);
    for (const http::ByteRange& range : wanted.parts) {
      std::string head = fmt::format("\r\n--{}\r\n", boundary);
      if (!type.empty()) head += fmt::format("Content-Type: {}\r\n", type);
      head += fmt::format("Content-Range: bytes {}-{}/{}\r\n\r\n", range.begin, range.end - 1, size);
      add_part(std::move(head), range);
    }
    response.parts.push_back({fmt::format("\r\n--{}--\r\n", boundary)});
  }
  std::int64_t bytes = 0;
  for (const auto& part : response.parts) bytes += static_cast<std::int64_t>(part.text.size() + part.bytes);
  response.content_length = bytes;
  return kNext;
}

// "/path" of a redirect becomes "http://host:port/path".
void complete_location(Request& request) {
  Response& response = request.response;
  if (!is_one_line(response.location)) response.location = one_line(response.location);
  const conf::LocationSettings& settings = *request.settings;
  if (!response.location.starts_with('/') || !settings.absolute_redirect.value_or(true)) return;
  std::string whole = request.tls ? "https://" : "http://";
  if (settings.server_name_in_redirect.value_or(false)) {
    whole += first_name(*request.server);
  } else if (!request.host.empty()) {
    whole += request.host;
  } else {
    const std::string_view local = request.client().peer().local_address();
    whole += local.find(':') == std::string_view::npos ? std::string(local) : fmt::format("[{}]", local);
  }
  const std::uint16_t port = request.client().peer().local_port;
  const std::uint16_t usual = request.tls ? 443 : 80;
  if (settings.port_in_redirect.value_or(true) && port != usual && port != 0) whole += fmt::format(":{}", port);
  response.location.insert(0, whole);
}

bool keeps_connection(const Request& request) {
  if (!request.settings->keepalive_disable.empty()) {
    const auto names = [&request](std::string_view browser) {
      const conf::Words& words = request.settings->keepalive_disable;
      return std::find(words.begin(), words.end(), browser) != words.end();
    };
    const Browser browser = browser_of(request.field("user-agent"));
    if (browser.safari && names("safari")) return false;
    if (browser.msie6 && request.method == http::Method::kPost && names("msie6")) return false;
  }
  const conf::LocationSettings& settings = *request.settings;
  const auto& timeout = settings.keepalive_timeout;
  if (timeout && timeout->time.count() == 0) return false;
  if (static_cast<std::int64_t>(request.client().requests()) >= settings.keepalive_requests.value_or(1000))
    return false;
  const auto& longest = settings.keepalive_time;
  return !longest || request.site.loop().wall_ms() - request.client().peer().began_ms <=
                         static_cast<std::uint64_t>(longest->count());
}

constexpr std::uint64_t kSecondNs = 1'000'000'000;

// Bytes a second; 0: as many as go.
std::uint64_t rate_of(Request& request) {
  if (request.limit_rate.empty() && !request.settings->limit_rate) return 0;
  std::string text = request.limit_rate;
  if (text.empty()) text = request.site.text(request, *request.settings->limit_rate);
  return static_cast<std::uint64_t>(conf::parse_size(text, false).value_or(0));
}

std::uint64_t free_of_rate(Request& request) {
  if (!request.settings->limit_rate_after) return 0;
  const std::string text = request.site.text(request, *request.settings->limit_rate_after);
  return static_cast<std::uint64_t>(conf::parse_size(text, false).value_or(0));
}

}  // namespace

int filter_response(Request& request) {
  Response& response = request.response;
  if (request.answer_status > 0) {
    response.status = request.answer_status;
    response.reason.clear();
  }
  if (const int outcome = check_conditions(request); outcome != kNext) return outcome;
  add_configured_fields(request);
  add_charset(request);
  request.body_filter = request.site.body_filters().choose(request);
  if (const int outcome = take_ranges(request); outcome != kNext) return outcome;
  if (!request.settings->add_trailers.empty()) announce_trailers(request);
  complete_location(request);
  if (!keeps_connection(request)) request.keep_alive = false;
  return kNext;
}

std::time_t modified_time(const Response& response) {
  if (response.last_modified >= 0) return response.last_modified;
  const std::string_view date = response.fields.get("last-modified");
  return date.empty() ? -1 : http::parse_http_date(date).value_or(-1);
}

int begin_body(Request& request) {
  if (const int outcome = filter_response(request); outcome != kNext) return outcome;
  request.header_sent = true;
  request.client().begin_response(request, request.response, has_body(request));
  return kNext;
}

void write_body(Request& request, std::string_view bytes) {
  if (request.response.cut) bytes = request.response.cut->of(bytes);
  if (!has_body(request) || bytes.empty()) return;
  if (request.body_filter == nullptr) return request.client().write(bytes);
  if (!request.body_filter->write(request.client(), bytes, Flush::kNone)) request.damaged = true;
}

void flush_body(Request& request) {
  if (request.body_filter != nullptr && has_body(request))
    static_cast<void>(request.body_filter->write(request.client(), {}, Flush::kSync));
}

void end_body(Request& request) {
  if (!request.settings->add_trailers.empty() && has_body(request) && request.parent == nullptr)
    collect_trailers(request);
  if (request.body_filter != nullptr && has_body(request)) {
    if (!request.body_filter->write(request.client(), {}, Flush::kFinish)) request.damaged = true;
    request.gzip_ratio = request.body_filter->ratio();
  }
  if (request.damaged) {
    request.site.error_logs().line(Level::kError, request, "the packed answer is damaged");
    request.keep_alive = false;
    return request.client().cut_response();
  }
  if (request.response.trailers_follow) send_trailers(request);
  request.client().end_response();
}

Async<bool> drain(Request& request, std::size_t leave) {
  Client& client = request.client();
  const std::uint64_t rate = rate_of(request);
  for (;;) {
    Client::Flow flow;
    if (rate == 0) {
      flow = client.flush();
    } else {
      // As many as the seconds since the request's begin allow, of which the first is there at once: nginx's measure.
      const std::uint64_t now_ns = os::monotonic_ns();
      const std::uint64_t into_second = (now_ns - request.began_ns) % kSecondNs;
      const std::uint64_t allowed = free_of_rate(request) + rate * ((now_ns - request.began_ns) / kSecondNs + 1);
      const std::uint64_t sent = client.bytes_sent();
      std::uint64_t went = 0;
      flow = sent < allowed ? client.flush(allowed - sent, &went) : Client::Flow::kBlocked;
      if (flow == Client::Flow::kGone) co_return false;
      if (client.held() == 0) co_return true;
      if (client.bytes_sent() >= allowed || sent >= allowed) {
        const std::uint64_t seconds = (client.bytes_sent() - allowed) / rate;
        if (!co_await pause(request, seconds * 1000 + (kSecondNs - into_second) / 1'000'000 + 1)) co_return false;
        continue;
      }
    }
    if (flow == Client::Flow::kGone) co_return false;
    if (flow == Client::Flow::kDone || client.held() <= leave) co_return true;
    client.arm(request.settings->send_timeout.value_or(std::chrono::seconds(60)));
    co_await request.signal().until(kWritable | kGone | kLate);
    if (request.signal().has(kLate) && !request.signal().has(kWritable)) {
      request.site.error_logs().line(Level::kInfo, request, "client timed out (110: Connection timed out)");
      request.timed_out = true;
      co_return false;
    }
    client.arm(std::chrono::milliseconds(0));
    if (request.signal().has(kGone)) co_return false;
  }
}

std::size_t body_piece(const Request& request) {
  // A thousand times as much may come out.
  constexpr std::size_t kPackedPiece = 256;
  const bool unpacks = request.body_filter != nullptr && !request.body_filter->packs();
  return unpacks ? kPackedPiece : std::string_view::npos;
}

namespace {

// Of what is unpacked: no more than some pieces of it wait for the client.
Async<bool> write_unpacked(Request& request, std::string_view bytes) {
  for (const std::size_t piece = body_piece(request); !bytes.empty();) {
    write_body(request, bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    if (request.client().held() > 4 * kCopyMax && !co_await drain(request, 4 * kCopyMax)) co_return false;
  }
  co_return true;
}

}  // namespace

Async<int> send_response(Request& request) {
  if (const int outcome = begin_body(request); outcome != kNext) co_return outcome;
  Response& response = request.response;
  Client& client = request.client();
  if (!has_body(request)) response.clear_body();
  bool whole = true;
  const bool unpacks = body_piece(request) != std::string_view::npos;
  for (const edge::ReadyResponse::Part& part : response.parts) {
    write_body(request, part.text);
    if (part.bytes == 0) continue;
    if (response.small_file != nullptr) {
      SmallFile& file = *response.small_file;
      const std::string_view bytes = std::string_view(file.bytes).substr(part.at, part.bytes);
      if (unpacks) {
        if (!co_await write_unpacked(request, bytes)) co_return kDone;
      } else if (request.body_filter == nullptr || response.parts.size() > 1) {
        write_body(request, bytes);
      } else if (!request.body_filter->write_all(client, request.site.small_files(), file)) {
        request.damaged = true;
      }
      continue;
    }
    if (request.body_filter == nullptr && part.bytes > kCopyMax && !response.trailers_follow) {
      client.write_file(response.file.get(), part.at, part.bytes);
      if (!co_await drain(request, 0)) co_return kDone;
      continue;
    }
    std::uint64_t at = part.at, left = part.bytes;
    while (left > 0) {
      char copy[kCopyMax];
      const std::size_t got =
          os::read_at(response.file.get(), copy, static_cast<std::size_t>(std::min(left, kCopyMax)), at);
      if (got == 0) break;
      if (!unpacks) {
        write_body(request, {copy, got});
      } else if (!co_await write_unpacked(request, {copy, got})) {
        co_return kDone;
      }
      at += got;
      left -= got;
      if (left > 0 && !co_await drain(request, 4 * kCopyMax)) co_return kDone;
    }
    // The file has become shorter since its length was announced.
    if (left > 0) whole = false;
  }
  if (!whole) {
    client.cut_response();
    request.keep_alive = false;
    co_return kDone;
  }
  end_body(request);
  if (rate_of(request) == 0 && client.flush() == Client::Flow::kDone) co_return kDone;
  static_cast<void>(co_await drain(request, 0));
  co_return kDone;
}

}  // namespace tierce::nginx
