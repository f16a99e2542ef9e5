#include "nginx/redirect_rewrite.h"

#include "nginx/site.h"

namespace tierce::nginx {

std::string rewrite_location(Request& request, const PassHow& how, const PassPlace& place, std::string_view value,
                             bool* rewritten) {
  *rewritten = false;
  std::string text(value);
  if (how.kind != PassHow::Kind::kHttp) return text;
  const conf::ProxySettings& proxy = request.settings->proxy;
  if (proxy.redirect) {
    for (const conf::Replacement& each : *proxy.redirect) {
      if (each.expression.regex != nullptr) {
        if (!each.expression.regex->matches(text)) continue;
        request.take_captures(*each.expression.regex, text);
        *rewritten = true;
        return request.site.text(request, each.to);
      }
      const std::string from = request.site.text(request, each.from);
      if (!text.starts_with(from)) continue;
      *rewritten = true;
      return request.site.text(request, each.to) + text.substr(from.size());
    }
  }
  const bool by_default = proxy.redirect_default || !proxy.redirect;
  if (!by_default || place.has_variables || !request.location->pattern) return text;
  const std::string from = place.scheme + "://" + place.host + (place.uri.empty() ? "/" : place.uri);
  const conf::LocationPattern& pattern = *request.location->pattern;
  const bool prefix = pattern.kind != conf::LocationPattern::Kind::kRegex && pattern.kind != conf::LocationPattern::Kind::kNamed;
  if (!text.starts_with(from)) return text;
  *rewritten = true;
  const std::string to = place.uri.empty() ? "/" : prefix ? pattern.text : "/";
  return to + text.substr(from.size());
}

std::string rewrite_refresh(Request& request, const PassHow& how, const PassPlace& place, std::string_view value) {
  const std::size_t at = value.find("url=");
  if (at == std::string_view::npos) return std::string(value);
  bool rewritten = false;
  return std::string(value.substr(0, at + 4)) + rewrite_location(request, how, place, value.substr(at + 4), &rewritten);
}

std::string rewrite_cookie(Request&, const PassHow&, std::string_view value) { return std::string(value); }

}  // namespace tierce::nginx
