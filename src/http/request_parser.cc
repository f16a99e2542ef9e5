#include "http/request_parser.h"

#include <algorithm>
#include <utility>

#include "http/authority.h"
#include "http/byte_scan.h"
#include "http/content_length.h"
#include "http/field_rules.h"
#include "http/method.h"
#include "http/request_target.h"

// Every refusal depends on nothing but the bytes up to the one that caused it, in the order they arrived.
// So a head is refused for the same reason however it was cut into reads; the fuzz target holds us to it.

namespace tierce::http {
namespace {

Span span_of(std::string_view bytes, std::string_view part) {
  return {static_cast<std::uint32_t>(part.data() - bytes.data()), static_cast<std::uint32_t>(part.size())};
}

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "HTTP/" DIGIT "." DIGIT, whichever digits.
bool is_version(std::string_view text) {
  return text.size() == 8 && text.substr(0, 5) == "HTTP/" && is_digit(text[5]) && text[6] == '.' && is_digit(text[7]);
}

// `name` is a token, `lower` letters and dashes: of all token bytes only letters become letters by the
// bit that tells the cases apart, so the comparison is exact.
bool name_is(std::string_view name, std::string_view lower) {
  int differs = 0;
  for (std::size_t i = 0; i < lower.size(); ++i) differs |= (name[i] | 0x20) ^ lower[i];
  return differs == 0;
}

}  // namespace

RequestParser::Outcome RequestParser::parse(std::string_view bytes) {
  const std::string_view allowed = bytes.substr(0, limits_->head_bytes_max);
  Line line = request_line_done_ ? Line::kRead : read_request_line(allowed);
  while (line == Line::kRead) line = read_field_line(allowed);
  if (line == Line::kLastRead) return Outcome::kDone;
  if (line == Line::kNeedMore && allowed.size() < limits_->head_bytes_max) return Outcome::kNeedMore;
  if (line == Line::kNeedMore) refuse(HeadError::kHeadTooLong);
  return Outcome::kRefused;
}

void RequestParser::reset() { *this = RequestParser(*limits_, fields_); }

RequestParser::Line RequestParser::refuse(HeadError error) {
  error_ = error;
  return Line::kRefused;
}

// For the byte at `at`, where the line cannot go on as it should: a line end of the wrong kind says so,
// anything else is `otherwise`.
RequestParser::Line RequestParser::refuse_at(const char* at, const char* end, HeadError otherwise) {
  if (*at == '\n') return refuse(HeadError::kBareLf);
  if (*at != '\r') return refuse(otherwise);
  if (at + 1 == end) return Line::kNeedMore;
  return refuse(at[1] == '\n' ? otherwise : HeadError::kBareCr);
}

RequestParser::Line RequestParser::read_request_line(std::string_view bytes) {
  // One empty line is skipped: old clients send it after a body (RFC 9112 2.2).
  if (position_ == 0 && !bytes.empty() && bytes[0] == '\r') {
    if (bytes.size() == 1) return Line::kNeedMore;
    if (bytes[1] != '\n') return refuse(HeadError::kBareCr);
    position_ = 2;
  }
  const char* const end = bytes.data() + bytes.size();
  // One byte more than a line may have: what has no line end there is too long, ended or not.
  const std::size_t room = std::size_t{limits_->request_line_bytes_max} + 1;
  const std::string_view line = bytes.substr(position_, room);
  const char* const line_end = line.data() + line.size();
  const auto out_of_bytes = [&] {
    return line.size() == room ? refuse(HeadError::kRequestLineTooLong) : Line::kNeedMore;
  };

  const char* at = line.data();
  while (at != line_end && is_method_byte(*at)) ++at;
  const std::string_view method = between(line.data(), at);
  if (method.size() > kMethodBytesMax) return refuse(HeadError::kBadMethod);
  if (at == line_end) return out_of_bytes();
  if (*at != ' ' || method.empty()) return refuse_at(at, end, HeadError::kBadMethod);

  const char* const target_begin = ++at;
  at = byte_scan.target_stop(at, line_end);
  const std::string_view target = between(target_begin, at);
  if (at == line_end) return out_of_bytes();
  if (target.empty()) return refuse_at(at, end, HeadError::kBadTarget);
  if (*at != ' ') return refuse_at(at, end, *at == '\r' ? HeadError::kBadVersion : HeadError::kBadTarget);

  const char* const version_begin = ++at;
  at = byte_scan.target_stop(at, line_end);
  const std::string_view version = between(version_begin, at);
  if (at == line_end) return out_of_bytes();
  // A blank or control byte this late is part of the target unless a version stands before it.
  if (*at != '\r') return refuse_at(at, end, is_version(version) ? HeadError::kBadVersion : HeadError::kBadTarget);
  if (at + 1 == end) return Line::kNeedMore;
  if (at[1] != '\n') return refuse(HeadError::kBareCr);

  position_ = static_cast<std::size_t>(at + 2 - bytes.data());
  request_line_done_ = true;
  return finish_request_line(bytes, method, target, version);
}

RequestParser::Line RequestParser::finish_request_line(std::string_view bytes, std::string_view method,
                                                       std::string_view target, std::string_view version) {
  if (!is_version(version) || version[5] == '0') return refuse(HeadError::kBadVersion);
  if (version[5] != '1') return refuse(HeadError::kUnsupportedVersion);
  head_.minor_version = version[7] == '0' ? 0 : 1;
  head_.method = method_of(method);
  head_.method_name = span_of(bytes, method);
  head_.target = span_of(bytes, target);
  if (head_.method == Method::kConnect) return Line::kRead;  // Refused once we know whether it has a body.
  const auto parts = split_target(target, head_.method);
  if (!parts) {
    return refuse(parts.error() == TargetError::kBadEscape ? HeadError::kBadEscape : HeadError::kBadTarget);
  }
  head_.path = span_of(bytes, parts->path);
  head_.has_query = parts->has_query;
  if (parts->has_query) head_.query = span_of(bytes, parts->query);
  if (!parts->authority.empty()) head_.authority = span_of(bytes, parts->authority);
  return Line::kRead;
}

RequestParser::Line RequestParser::read_field_line(std::string_view bytes) {
  const char* const end = bytes.data() + bytes.size();
  const std::size_t room = std::size_t{limits_->field_bytes_max} + 1;
  const std::string_view line = bytes.substr(position_, room);
  const char* const line_end = line.data() + line.size();
  const auto out_of_bytes = [&] { return line.size() == room ? refuse(HeadError::kFieldTooLong) : Line::kNeedMore; };
  if (line.empty()) return Line::kNeedMore;
  if (line.front() == '\r') {
    if (line.data() + 1 == end) return Line::kNeedMore;
    if (line.data()[1] != '\n') return refuse(HeadError::kBareCr);
    return finish_head(position_ + 2);
  }
  if (line.front() == ' ' || line.front() == '\t') return refuse(HeadError::kFoldedLine);
  if (head_.field_count + underscored_dropped_ >= std::min(limits_->fields_max, kHeaderFieldsMax)) {
    return refuse(HeadError::kTooManyFields);
  }

  const char* at = line.data();
  bool underscored = false;
  for (; at != line_end && is_token_byte(*at); ++at) underscored |= *at == '_';
  const std::string_view name = between(line.data(), at);
  if (at == line_end) return out_of_bytes();
  if (*at == ' ' || *at == '\t') return refuse(HeadError::kBlankBeforeColon);
  if (*at != ':' || name.empty()) return refuse_at(at, end, HeadError::kBadFieldName);

  const char* const value_begin = ++at;
  at = byte_scan.value_stop(at, line_end);
  if (at == line_end) return out_of_bytes();
  if (*at != '\r') return refuse_at(at, end, HeadError::kBadFieldValue);
  if (at + 1 == end) return Line::kNeedMore;
  if (at[1] != '\n') return refuse(HeadError::kBareCr);

  position_ = static_cast<std::size_t>(at + 2 - bytes.data());
  return finish_field(bytes, name, trim_blanks(between(value_begin, at)), underscored);
}

namespace {

// What nginx takes a name to be; '_' has an option of its own.
bool is_plain(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

RequestParser::Line RequestParser::finish_field(std::string_view bytes, std::string_view name, std::string_view value,
                                                bool underscored) {
  // "Content_Length" and "Content-Length" are one key in a WSGI environ; only the dashed one is real.
  if (underscored && !limits_->underscores) {
    ++underscored_dropped_;
    return Line::kRead;
  }
  if (limits_->plain_names && !is_plain(name)) {
    ++underscored_dropped_;
    return Line::kRead;
  }
  fields_[head_.field_count++] = {span_of(bytes, name), span_of(bytes, value)};
  return note_special(bytes, name, value);
}

// The length picks at most one name to compare with.
RequestParser::Line RequestParser::note_special(std::string_view bytes, std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 2:
      if (name_is(name, "te")) note_te(value);
      break;
    case 4:
      if (name_is(name, "host")) return note_host(bytes, value);
      break;
    case 6:
      if (name_is(name, "expect")) return note_expect(value);
      break;
    case 7:
      if (name_is(name, "upgrade")) seen_.upgrade_field = true;
      break;
    case 10:
      if (name_is(name, "connection")) note_connection(value);
      break;
    case 12:
      if (!name_is(name, "content-type")) break;
      if (std::exchange(seen_.content_type, true)) return refuse(HeadError::kTwoContentTypes);
      break;
    case 14:
      if (name_is(name, "content-length")) return note_content_length(value);
      break;
    case 17:
      if (name_is(name, "transfer-encoding")) return note_transfer_encoding(value);
      break;
    default:
      break;
  }
  return Line::kRead;
}

RequestParser::Line RequestParser::note_host(std::string_view bytes, std::string_view value) {
  if (std::exchange(seen_.host, true)) return refuse(HeadError::kTwoHosts);
  if (value.empty() && limits_->empty_host) return Line::kRead;
  if (!is_authority(value)) return refuse(HeadError::kBadHost);
  if (head_.authority.length == 0) head_.authority = span_of(bytes, value);
  return Line::kRead;
}

RequestParser::Line RequestParser::note_content_length(std::string_view value) {
  if (head_.body == BodyKind::kLength) return refuse(HeadError::kTwoContentLengths);
  if (head_.body == BodyKind::kChunked) return refuse(HeadError::kTransferEncodingAndLength);
  const auto length = parse_content_length(value);
  if (!length) {
    return refuse(length.error() == LengthError::kTooLarge ? HeadError::kContentLengthTooLarge
                                                           : HeadError::kBadContentLength);
  }
  head_.body = BodyKind::kLength;
  head_.content_length = *length;
  return Line::kRead;
}

RequestParser::Line RequestParser::note_transfer_encoding(std::string_view value) {
  if (head_.body == BodyKind::kChunked || !equals_ignoring_case(value, "chunked")) {
    return refuse(HeadError::kBadTransferEncoding);
  }
  if (head_.body == BodyKind::kLength) return refuse(HeadError::kTransferEncodingAndLength);
  if (head_.minor_version == 0) return refuse(HeadError::kTransferEncodingInHttp10);
  head_.body = BodyKind::kChunked;
  return Line::kRead;
}

RequestParser::Line RequestParser::note_expect(std::string_view value) {
  if (!equals_ignoring_case(value, "100-continue")) return refuse(HeadError::kBadExpect);
  head_.expect_continue = head_.minor_version == 1;
  return Line::kRead;
}

void RequestParser::note_connection(std::string_view value) {
  while (!value.empty()) {
    const std::string_view option = take_list_item(value);
    if (equals_ignoring_case(option, "close")) seen_.close = true;
    if (equals_ignoring_case(option, "keep-alive")) seen_.keep_alive = true;
    if (equals_ignoring_case(option, "upgrade")) seen_.upgrade = true;
  }
}

void RequestParser::note_te(std::string_view value) {
  while (!value.empty()) {
    if (equals_ignoring_case(take_list_item(value), "trailers")) head_.te_trailers = true;
  }
}

RequestParser::Line RequestParser::finish_head(std::size_t end) {
  if (head_.minor_version == 1 && !seen_.host) return refuse(HeadError::kNoHost);
  if (head_.method == Method::kConnect) {
    const bool has_body = head_.body == BodyKind::kChunked || head_.content_length > 0;
    return refuse(has_body ? HeadError::kConnectWithBody : HeadError::kConnectRefused);
  }
  head_.keep_alive = !seen_.close && (head_.minor_version == 1 || seen_.keep_alive);
  // A 1.0 client cannot ask for another protocol (RFC 9110 7.8).
  head_.upgrade = head_.minor_version == 1 && seen_.upgrade && seen_.upgrade_field;
  head_.head_bytes = static_cast<std::uint32_t>(end);
  return Line::kLastRead;
}

}  // namespace tierce::http
