#include "config/access_log_format.h"

#include <fmt/format.h>

#include <algorithm>

namespace tierce::config {
namespace {

struct Name {
  std::string_view name;
  Atom atom;
};
constexpr Name kAtoms[] = {
    {"h", Atom::kRemoteAddress}, {"l", Atom::kDash},           {"u", Atom::kUser},      {"t", Atom::kTime},
    {"r", Atom::kRequestLine},   {"s", Atom::kStatus},         {"m", Atom::kMethod},    {"U", Atom::kPath},
    {"q", Atom::kQuery},         {"H", Atom::kProtocol},       {"b", Atom::kBodyBytes}, {"B", Atom::kBodyBytes},
    {"f", Atom::kReferer},       {"a", Atom::kUserAgent},      {"T", Atom::kSeconds},   {"D", Atom::kMicroseconds},
    {"M", Atom::kMilliseconds},  {"L", Atom::kDecimalSeconds}, {"p", Atom::kPid}};
// Of the application's environ, what the edge knows too.
constexpr Name kVariables[] = {
    {"remote_addr", Atom::kRemoteAddress}, {"request_method", Atom::kMethod},    {"path_info", Atom::kPath},
    {"query_string", Atom::kQuery},        {"server_protocol", Atom::kProtocol}, {"raw_uri", Atom::kTarget},
    {"request_uri", Atom::kTarget}};

template <typename Names>
Atom find_atom(const Names& names, std::string_view name) {
  for (const Name& known : names) {
    if (known.name == name) return known.atom;
  }
  return Atom::kDash;
}

FormatPart part_of(std::string_view name) {
  const std::size_t close = name.rfind('}');
  if (!name.starts_with('{') || close != name.size() - 2) return {find_atom(kAtoms, name), {}};
  std::string inner(name.substr(1, close - 1));
  std::transform(inner.begin(), inner.end(), inner.begin(), [](unsigned char c) { return std::tolower(c); });
  switch (name.back()) {
    case 'i':
      return {Atom::kRequestField, inner};
    case 'o':
      return {Atom::kResponseField, inner};
    case 'e':
      if (!inner.starts_with("http_")) return {find_atom(kVariables, inner), {}};
      inner.erase(0, 5);
      std::replace(inner.begin(), inner.end(), '_', '-');
      return {Atom::kRequestField, inner};
    default:
      return {Atom::kDash, {}};
  }
}

}  // namespace

Result<AccessLogFormat> AccessLogFormat::parse(std::string_view format) {
  AccessLogFormat parsed;
  const auto wrong = [&](std::size_t at, std::string_view what) {
    return fail(Error(fmt::format("character {}: {}", at + 1, what)));
  };
  for (std::size_t at = 0; at < format.size();) {
    const std::size_t percent = std::min(format.find('%', at), format.size());
    if (percent > at) parsed.add(Atom::kText, std::string(format.substr(at, percent - at)));
    if (percent == format.size()) break;
    if (format.substr(percent).starts_with("%%")) {
      parsed.add(Atom::kText, "%");
      at = percent + 2;
      continue;
    }
    if (percent + 1 == format.size() || format[percent + 1] != '(')
      return wrong(percent, "'%' is followed by '(name)s' or by another '%'");
    const std::size_t close = format.find(')', percent);
    if (close == std::string_view::npos) return wrong(percent, "')' is missing");
    if (close + 1 == format.size() || (format[close + 1] != 's' && format[close + 1] != 'd'))
      return wrong(close, "')' is followed by 's' or 'd'");
    FormatPart part = part_of(format.substr(percent + 2, close - percent - 2));
    parsed.add(part.atom, std::move(part.text));
    at = close + 2;
  }
  return parsed;
}

bool AccessLogFormat::has(Atom atom) const {
  return std::any_of(parts_.begin(), parts_.end(), [&](const FormatPart& part) { return part.atom == atom; });
}

void AccessLogFormat::add(Atom atom, std::string text) { add_part({atom, std::move(text)}); }

void AccessLogFormat::add_part(FormatPart part) {
  if (part.atom == Atom::kText && !parts_.empty() && parts_.back().atom == Atom::kText) {
    parts_.back().text += part.text;
    return;
  }
  parts_.push_back(std::move(part));
}

}  // namespace tierce::config
