#include "config/route_settings.h"

#include <fmt/format.h>

namespace tierce::config {
namespace {

using std::string_view;
using Kind = RoutePart::Kind;

Result<RoutePart> variable(string_view name) {
  const std::size_t open = name.find('[');
  if (open == string_view::npos || !name.ends_with(']')) return RoutePart{Kind::kVariable, std::string(name)};
  const string_view function = name.substr(0, open);
  std::string inner(name.substr(open + 1, name.size() - open - 2));
  if (function == "qs") return RoutePart{Kind::kQuery, std::move(inner)};
  if (function == "cookie") return RoutePart{Kind::kCookie, std::move(inner)};
  return fail(Error(fmt::format("${{{}}} is not supported", name)));
}

}  // namespace

Result<RouteText> parse_route_text(string_view text) {
  RouteText parts;
  const auto add_text = [&](string_view more) {
    if (more.empty()) return;
    if (parts.empty() || parts.back().kind != Kind::kText) parts.push_back({});
    parts.back().text += more;
  };
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    add_text(text.substr(0, dollar));
    text.remove_prefix(dollar);
    const std::size_t close = text.starts_with("${") ? text.find('}') : string_view::npos;
    if (close != string_view::npos) {
      auto part = variable(text.substr(2, close - 2));
      if (!part) return fail(std::move(part).error());
      parts.push_back(std::move(*part));
      text.remove_prefix(close + 1);
    } else if (text.size() > 1 && text[1] >= '0' && text[1] <= '9') {
      parts.push_back({Kind::kGroup, {}, static_cast<std::size_t>(text[1] - '0')});
      text.remove_prefix(2);
    } else {
      // "$$1" is text to uWSGI: the second dollar begins nothing.
      const std::size_t taken = text.starts_with("$$") ? 2 : std::min<std::size_t>(1, text.size());
      add_text(text.substr(0, taken));
      text.remove_prefix(taken);
    }
  }
  return parts;
}

}  // namespace tierce::config
