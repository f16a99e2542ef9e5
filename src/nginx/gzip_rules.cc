#include "nginx/gzip_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/http_date.h"
#include "nginx/accept_encoding.h"
#include "nginx/browser.h"
#include "nginx/letter_case.h"

namespace tierce::nginx {
namespace {

using std::string_view;

// Whether one of the fields has the directive, with no value of its own.
bool has_directive(const std::vector<string_view>& fields, string_view directive) {
  for (string_view field : fields) {
    while (!field.empty()) {
      if (starts_with_word(field, directive)) {
        string_view behind = field.substr(directive.size());
        behind.remove_prefix(std::min(behind.find_first_not_of(' '), behind.size()));
        if (behind.empty() || behind[0] == ',') return true;
      }
      const std::size_t end = field.find_first_of(";,");
      if (end == string_view::npos) break;
      field.remove_prefix(std::min(field.find_first_not_of(' ', end + 1), field.size()));
    }
  }
  return false;
}

bool has_expired(const GzipAnswer& answer, std::time_t now) {
  const auto expires = http::parse_http_date(*answer.expires);
  const auto date = answer.date ? http::parse_http_date(*answer.date) : now;
  return expires && date && *expires < *date;
}

}  // namespace

Result<GzipRules> GzipRules::make(string_view http_version, const std::vector<std::string>& proxied,
                                  const std::vector<std::string>& disable) {
  GzipRules rules;
  rules.http_version_ = http_version == "1.0" ? 10 : 11;
  rules.proxied_ = proxied;
  for (const std::string& word : disable) {
    if (word == "msie6") rules.without_msie6_ = true;
    if (word == "msie6" || word == "degradation") continue;
    auto expression = Regex::compile(word, Regex::Case::kIgnored);
    if (!expression) return fail(Error(fmt::format("gzip_disable \"{}\": {}", word, expression.error().reason)));
    rules.disabled_.push_back(std::move(*expression));
  }
  return rules;
}

bool GzipRules::takes(string_view word) const {
  return std::find(proxied_.begin(), proxied_.end(), word) != proxied_.end();
}

bool GzipRules::allow(const GzipRequest& request, const GzipAnswer& answer, std::time_t now) const {
  if (!accepts_gzip(request.accept_encoding)) return false;
  if (without_msie6_ && browser_of(request.user_agent).msie6) return false;
  if (request.http_version < http_version_) return false;
  if (request.via && !allow_for_proxy(request, answer, now)) return false;
  return !is_disabled(request.user_agent);
}

bool GzipRules::allow_for_proxy(const GzipRequest& request, const GzipAnswer& answer, std::time_t now) const {
  if (proxied_.empty() || takes("off")) return false;
  if (takes("any")) return true;
  if (request.authorization && takes("auth")) return true;
  if (answer.expires) return takes("expired") && has_expired(answer, now);
  if (!answer.cache_control.empty()) {
    for (const string_view directive : {"no-cache", "no-store", "private"}) {
      if (takes(directive) && has_directive(answer.cache_control, directive)) return true;
    }
    return false;
  }
  return !(takes("no_last_modified") && answer.last_modified) && !(takes("no_etag") && answer.etag);
}

bool GzipRules::is_disabled(string_view user_agent) const {
  return !user_agent.empty() &&
         std::any_of(disabled_.begin(), disabled_.end(), [&](const Regex& each) { return each.matches(user_agent); });
}

}  // namespace tierce::nginx
