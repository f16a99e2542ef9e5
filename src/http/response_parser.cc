#include "http/response_parser.h"

#include "http/content_length.h"
#include "http/field_rules.h"

namespace tierce::http {
namespace {

Span span_of(std::string_view bytes, std::string_view part) {
  if (part.empty()) return {};
  return {static_cast<std::uint32_t>(part.data() - bytes.data()), static_cast<std::uint32_t>(part.size())};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// nginx passes on names of any visible bytes; what could end a line or hide another field is none.
bool is_name(std::string_view name) {
  for (const char c : name) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return false;
  }
  return !name.empty();
}

}  // namespace

std::string_view describe(ResponseError error) {
  switch (error) {
    case ResponseError::kNoStatusLine:
      return "upstream sent no valid HTTP/1.0 header";
    case ResponseError::kBadField:
      return "upstream sent invalid header";
    case ResponseError::kBadLength:
      return "upstream sent invalid or duplicate \"Content-Length\" header";
    case ResponseError::kLengthAndChunked:
      return "upstream sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time";
    case ResponseError::kBadEncoding:
      return "upstream sent unknown \"Transfer-Encoding\"";
  }
  return {};
}

void ResponseParser::reset(Form form) {
  // The memory of the fields is kept.
  std::vector<HeaderField> fields = std::move(head_.fields);
  fields.clear();
  *this = ResponseParser(form);
  head_.fields = std::move(fields);
}

ResponseParser::Outcome ResponseParser::parse(std::string_view bytes) {
  for (;;) {
    const std::size_t end = bytes.find('\n', position_);
    if (end == std::string_view::npos) {
      // A first line that can be no status line need not be waited for.
      constexpr std::string_view kStart = "HTTP/";
      const std::string_view begun = bytes.substr(0, kStart.size());
      if (form_ == Form::kHttp && first_ && kStart.substr(0, begun.size()) != begun)
        return refuse(ResponseError::kNoStatusLine);
      return Outcome::kNeedMore;
    }
    std::string_view line = bytes.substr(position_, end - position_);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool was_first = first_;
    first_ = false;
    position_ = end + 1;
    if (was_first && form_ == Form::kHttp) {
      if (!read_status_line(bytes, line)) return refuse(ResponseError::kNoStatusLine);
      continue;
    }
    if (line.empty()) return finish(end + 1);
    if (was_first && read_status_line(bytes, line)) continue;
    if (!read_field(bytes, line)) return Outcome::kRefused;
  }
}

bool ResponseParser::read_status_line(std::string_view bytes, std::string_view line) {
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || !is_digit(line[7])) return false;
  head_.minor_version = line[7] - '0';
  std::string_view rest = line.substr(8);
  if (!rest.starts_with(' ')) return false;
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.size() < 3 || !is_digit(rest[0]) || !is_digit(rest[1]) || !is_digit(rest[2])) return false;
  if (rest.size() > 3 && rest[3] != ' ') return false;
  head_.status = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0');
  if (head_.status < 100) return false;
  rest.remove_prefix(rest.size() > 3 ? 4 : 3);
  if (is_field_value(rest)) head_.reason = span_of(bytes, rest);
  return true;
}

bool ResponseParser::read_field(std::string_view bytes, std::string_view line) {
  const std::size_t colon = line.find(':');
  error_ = ResponseError::kBadField;
  if (colon == std::string_view::npos || !is_name(line.substr(0, colon))) return false;
  const std::string_view value = trim_blanks(line.substr(colon + 1));
  if (!is_field_value(value)) return false;
  const HeaderField field{span_of(bytes, line.substr(0, colon)), span_of(bytes, value)};
  head_.fields.push_back(field);
  return note(bytes, field);
}

bool ResponseParser::note(std::string_view bytes, const HeaderField& field) {
  const std::string_view name = field.name.in(bytes.data()), value = field.value.in(bytes.data());
  const auto is = [name](std::string_view lower) {
    return name.size() == lower.size() && equals_ignoring_case(name, lower);
  };
  if (is("content-length")) {
    error_ = ResponseError::kBadLength;
    const auto length = parse_content_length(value);
    if (!length || head_.content_length >= 0 || *length > static_cast<std::uint64_t>(INT64_MAX)) return false;
    head_.content_length = static_cast<std::int64_t>(*length);
  } else if (is("transfer-encoding") && form_ == Form::kHttp) {
    error_ = ResponseError::kBadEncoding;
    if (head_.chunked || !equals_ignoring_case(value, "chunked") || value.size() != 7) return false;
    head_.chunked = true;
  } else if (is("connection") && form_ == Form::kHttp) {
    std::string_view list = value;
    while (!list.empty()) {
      const std::string_view item = take_list_item(list);
      if (item.size() == 5 && equals_ignoring_case(item, "close")) said_close_ = true;
      if (item.size() == 10 && equals_ignoring_case(item, "keep-alive")) said_keep_ = true;
      if (item.size() == 7 && equals_ignoring_case(item, "upgrade")) head_.upgrade = true;
    }
  } else if (is("status") && form_ == Form::kCgi) {
    error_ = ResponseError::kBadField;
    if (value.size() < 3 || !is_digit(value[0]) || !is_digit(value[1]) || !is_digit(value[2])) return false;
    head_.status = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
    head_.reason = span_of(bytes, value.size() > 4 ? value.substr(4) : std::string_view());
  } else if (is("location")) {
    has_location_ = true;
  }
  return true;
}

ResponseParser::Outcome ResponseParser::finish(std::size_t end) {
  if (head_.chunked && head_.content_length >= 0) return refuse(ResponseError::kLengthAndChunked);
  if (head_.status == 0) head_.status = has_location_ ? 302 : 200;
  head_.keep_alive = form_ == Form::kHttp && (head_.minor_version == 0 ? said_keep_ : !said_close_);
  head_.head_bytes = static_cast<std::uint32_t>(end);
  return Outcome::kDone;
}

}  // namespace tierce::http
