#include "http/scgi_parser.h"

#include <algorithm>

namespace tierce::http {

ScgiParser::Outcome ScgiParser::refuse(WireError error) {
  into_->refuse(error);
  return Outcome::kRefused;
}

ScgiParser::Outcome ScgiParser::parse(std::string_view bytes) {
  if (position_ == 0) {
    if (const Outcome length = read_length(bytes); length != Outcome::kDone) return length;
  }
  while (position_ < end_) {
    if (const Outcome variable = read_variable(bytes); variable != Outcome::kDone) return variable;
  }
  return finish(bytes);
}

// Digits and a colon; no zero in front, as netstrings have it.
ScgiParser::Outcome ScgiParser::read_length(std::string_view bytes) {
  std::size_t length = 0, at = 0;
  for (; at < bytes.size() && bytes[at] != ':'; ++at) {
    const char c = bytes[at];
    if (at == 0 && c >= 'A' && c <= 'Z') return refuse(WireError::kHttpOnScgi);
    if (c < '0' || c > '9' || (at == 0 && c == '0')) return refuse(WireError::kBadNetstring);
    length = length * 10 + static_cast<std::size_t>(c - '0');
    if (length > limits_->bytes_max) return refuse(WireError::kVariablesTooLong);
  }
  if (at == bytes.size()) return Outcome::kNeedMore;
  if (at == 0) return refuse(WireError::kBadNetstring);
  position_ = scanned_ = at + 1;
  end_ = position_ + length;
  return Outcome::kDone;
}

ScgiParser::Outcome ScgiParser::read_variable(std::string_view bytes) {
  const std::string_view variables = bytes.substr(0, end_);
  for (;;) {
    const std::size_t nul = variables.find('\0', scanned_);
    if (nul == std::string_view::npos) {
      scanned_ = variables.size();
      if (scanned_ == end_) return refuse(WireError::kLengthPastEnd);
      return Outcome::kNeedMore;
    }
    scanned_ = nul + 1;
    if (name_end_ != 0) break;
    name_end_ = nul;
  }
  const auto span = [](std::size_t begin, std::size_t end) {
    return Span{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)};
  };
  const Span name = span(position_, name_end_), value = span(name_end_ + 1, scanned_ - 1);
  const bool first = into_->variables().empty();
  if (first && (name.in(bytes.data()) != "CONTENT_LENGTH" || value.length == 0)) {
    return refuse(WireError::kContentLengthNotFirst);
  }
  if (!into_->add(bytes, name, value)) return Outcome::kRefused;
  if (name.in(bytes.data()) == "SCGI") {
    if (value.in(bytes.data()) != "1") return refuse(WireError::kNoScgiVariable);
    scgi_seen_ = true;
  }
  position_ = scanned_;
  name_end_ = 0;
  return Outcome::kDone;
}

ScgiParser::Outcome ScgiParser::finish(std::string_view bytes) {
  if (bytes.size() <= end_) return Outcome::kNeedMore;
  if (bytes[end_] != ',') return refuse(WireError::kBadNetstring);
  if (!scgi_seen_) return refuse(WireError::kNoScgiVariable);
  return into_->finish(bytes, static_cast<std::uint32_t>(end_ + 1), BodyEnd::kContentLength) ? Outcome::kDone
                                                                                             : Outcome::kRefused;
}

}  // namespace tierce::http
