#include "http/cgi_head.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <utility>

#include "http/content_length.h"
#include "http/field_rules.h"
#include "http/method.h"

namespace tierce::http {
namespace {

bool has_control_byte(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Span part_of(Span whole, std::size_t begin, std::size_t length) {
  return {whole.offset + static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(length)};
}

}  // namespace

void CgiHead::reset() {
  head_ = RequestHead();
  variables_.clear();
  seen_ = Seen();
}

bool CgiHead::refuse(WireError error) {
  error_ = error;
  return false;
}

// Sorted by the lengths of the names: a variable is compared with those of its own length only.
struct CgiHead::Known {
  std::string_view name;
  Span Seen::*member;  // nullptr: of those that say where the body ends.
};

const CgiHead::Known* CgiHead::find_known(std::string_view name) {
  static constexpr Known kKnown[] = {{"HTTPS", &Seen::https},
                                     {"PATH_INFO", &Seen::path_info},
                                     {"HTTP_HOST", &Seen::host},
                                     {"REQUEST_URI", &Seen::uri},
                                     {"SCRIPT_NAME", &Seen::script_name},
                                     {"SERVER_NAME", &Seen::server_name},
                                     {"REMOTE_ADDR", &Seen::remote_address},
                                     {"REMOTE_USER", &Seen::remote_user},
                                     {"QUERY_STRING", &Seen::query},
                                     {"DOCUMENT_URI", &Seen::document_uri},
                                     {"UWSGI_SCHEME", &Seen::uwsgi_scheme},
                                     {"REQUEST_METHOD", &Seen::method},
                                     {"CONTENT_LENGTH", nullptr},
                                     {"REQUEST_SCHEME", &Seen::request_scheme},
                                     {"SERVER_PROTOCOL", &Seen::protocol},
                                     {"HTTP_TRANSFER_ENCODING", nullptr}};
  static constexpr std::size_t kLongest = 22;
  // Where those of each length begin.
  static constexpr auto kFirst = [] {
    std::array<std::uint8_t, kLongest + 2> first{};
    for (std::size_t length = 0; length < first.size(); ++length) {
      while (first[length] < std::size(kKnown) && kKnown[first[length]].name.size() < length) ++first[length];
    }
    return first;
  }();
  if (name.size() > kLongest) return nullptr;
  for (std::size_t i = kFirst[name.size()]; i < kFirst[name.size() + 1]; ++i) {
    // Their ends differ more often than not, and looking there calls nothing.
    const std::string_view known = kKnown[i].name;
    if (name.back() == known.back() && std::memcmp(name.data(), known.data(), name.size()) == 0) return &kKnown[i];
  }
  return nullptr;
}

bool CgiHead::add(std::string_view bytes, Span name, Span value) {
  const std::string_view key = name.in(bytes.data());
  const std::string_view text = value.in(bytes.data());
  if (std::memchr(key.data(), 0, key.size()) != nullptr || std::memchr(text.data(), 0, text.size()) != nullptr)
    return refuse(WireError::kNulByte);
  return take(bytes, name, value);
}

bool CgiHead::add_all(std::string_view bytes, const CgiParams& params) {
  if (bytes.find('\0') != std::string_view::npos) return refuse(WireError::kNulByte);
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (!take(bytes, params.name_span(i), params.value_span(i))) return false;
  }
  return true;
}

bool CgiHead::take(std::string_view bytes, Span name, Span value) {
  if (variables_.size() >= limits_->count_max) return refuse(WireError::kTooManyVariables);
  const std::string_view key = name.in(bytes.data());
  const std::string_view text = value.in(bytes.data());
  if (key.empty()) return refuse(WireError::kEmptyName);
  variables_.push_back({name, value});
  const Known* known = find_known(key);
  if (known == nullptr) return true;
  if (known->member == nullptr) {
    if (key.front() == 'C') return note_content_length(bytes, value);
    seen_.chunked = !text.empty() && !equals_ignoring_case(text, "identity");
    return true;
  }
  seen_.*known->member = value;
  if (known->member == &Seen::path_info) seen_.path_info_sent = true;
  return true;
}

// An empty one means "no body" and may override a stock parameter, or be overridden; two that both say
// something are refused, as in HTTP.
bool CgiHead::note_content_length(std::string_view bytes, Span value) {
  const std::string_view text = value.in(bytes.data());
  if (text.empty()) {
    seen_.content_length = Span();
    head_.body = BodyKind::kNone;
    head_.content_length = 0;
    return true;
  }
  if (seen_.content_length.length > 0) return refuse(WireError::kTwoContentLengths);
  const auto length = parse_content_length(text);
  if (!length) {
    return refuse(length.error() == LengthError::kTooLarge ? WireError::kContentLengthTooLarge
                                                           : WireError::kBadContentLength);
  }
  seen_.content_length = value;
  head_.body = BodyKind::kLength;
  head_.content_length = *length;
  return true;
}

bool CgiHead::finish(std::string_view bytes, std::uint32_t head_bytes, BodyEnd body_end) {
  if (variables_.empty()) return refuse(WireError::kNoVariables);
  const std::string_view method = seen_.method.in(bytes.data());
  if (method.empty()) return refuse(WireError::kNoMethod);
  if (!is_method(method)) return refuse(WireError::kBadMethod);
  if (has_control_byte(seen_.uri.in(bytes.data()))) return refuse(WireError::kBadTarget);
  if (!find_body(body_end)) return false;
  find_path(bytes);
  head_.form = FieldForm::kVariables;
  head_.method = method_of(method);
  head_.method_name = seen_.method;
  head_.minor_version = protocol(bytes) == "HTTP/1.0" ? 0 : 1;
  head_.keep_alive = false;
  head_.query = seen_.query;
  head_.has_query = seen_.query.length > 0;
  head_.authority = seen_.host.length > 0 ? seen_.host : seen_.server_name;
  head_.target = seen_.uri.length > 0 ? seen_.uri : head_.path;
  head_.field_count = static_cast<std::uint32_t>(variables_.size());
  head_.head_bytes = head_bytes;
  return true;
}

bool CgiHead::find_body(BodyEnd body_end) {
  if (head_.body == BodyKind::kLength) return true;
  if (body_end == BodyEnd::kFraming) {
    head_.body = BodyKind::kChunked;
    return true;
  }
  // Nothing says where such a body ends; taking it for empty would lose an upload in silence.
  return seen_.chunked ? refuse(WireError::kLengthRequired) : true;
}

// PATH_INFO, or what it must have been: with nginx's fastcgi_params and with mod_proxy_fcgi the whole path
// stands in SCRIPT_NAME, scgi_params has it in DOCUMENT_URI.
void CgiHead::find_path(std::string_view bytes) {
  head_.path_info_sent = seen_.path_info_sent;
  head_.path_form = PathForm::kDecoded;
  if (seen_.path_info_sent) {
    head_.path = seen_.path_info;
  } else if (seen_.script_name.length > 0) {
    head_.path = seen_.script_name;
  } else if (seen_.document_uri.length > 0) {
    head_.path = seen_.document_uri;
  } else {
    const std::string_view uri = seen_.uri.in(bytes.data());
    head_.path = part_of(seen_.uri, 0, std::min(uri.find('?'), uri.size()));
    head_.path_form = PathForm::kRaw;
  }
}

bool CgiHead::https(std::string_view bytes) const {
  const std::string_view https = seen_.https.in(bytes.data());
  if (!https.empty()) return equals_ignoring_case(https, "on") || https.front() == '1';
  if (seen_.uwsgi_scheme.length > 0) return equals_ignoring_case(seen_.uwsgi_scheme.in(bytes.data()), "https");
  return equals_ignoring_case(seen_.request_scheme.in(bytes.data()), "https");
}

bool carries_header(std::string_view name, std::string_view lower) {
  if (name.size() != lower.size() + 5 || !name.starts_with("HTTP_")) return false;
  name.remove_prefix(5);
  return std::equal(name.begin(), name.end(), lower.begin(), [](char variable, char header) {
    return variable == (header == '-' ? '_' : static_cast<char>(header >= 'a' && header <= 'z' ? header - 32 : header));
  });
}

}  // namespace tierce::http
