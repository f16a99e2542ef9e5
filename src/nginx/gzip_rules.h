// Which requests may be answered with gzip: gzip_http_version, gzip_proxied and gzip_disable. Brotli and Zstandard ask
// for nothing but Accept-Encoding.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/regex.h"
#include "base/result.h"

namespace tierce::nginx {

struct GzipRequest {
  int http_version = 11;  // 9, 10, 11, 20.
  std::string_view accept_encoding, user_agent;
  bool via = false;  // A Via field: it comes from a proxy.
  bool authorization = false;
};

// What the answer's head says about keeping it.
struct GzipAnswer {
  std::optional<std::string_view> expires, date;
  std::vector<std::string_view> cache_control;  // A value for each such field.
  bool last_modified = false;
  bool etag = false;
};

// Of one thread, as its expressions are.
class GzipRules {
 public:
  // The words of the three directives as they stand in the file; none means nginx's default. Fails with PCRE2's words
  // about an expression of gzip_disable.
  static Result<GzipRules> make(std::string_view http_version, const std::vector<std::string>& proxied,
                                const std::vector<std::string>& disable);

  bool allow(const GzipRequest& request, const GzipAnswer& answer, std::time_t now) const;

 private:
  GzipRules() = default;
  bool takes(std::string_view word) const;
  bool allow_for_proxy(const GzipRequest& request, const GzipAnswer& answer, std::time_t now) const;
  bool is_disabled(std::string_view user_agent) const;

  int http_version_ = 11;
  std::vector<std::string> proxied_;
  std::vector<Regex> disabled_;
  bool without_msie6_ = false;
};

}  // namespace tierce::nginx
