// valid_referers: whether a request comes from a page that may refer to us.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/regex.h"
#include "base/result.h"
#include "config/nginx/server_name.h"

namespace tierce::nginx {

// Of one thread, as its expressions are.
class RefererList {
 public:
  // The words of the directive, and the names of the server it stands in. Fails with nginx's words. No words at all:
  // every referer is valid.
  static Result<RefererList> make(const std::vector<std::string>& words,
                                  const std::vector<config::nginx::ServerName>& server_names);

  // nullopt: the request has no Referer.
  bool is_valid(std::optional<std::string_view> referer) const;

 private:
  RefererList() = default;
  Result<void> add(const std::string& word);

  bool none_ = false, blocked_ = false, any_ = true;
  config::nginx::ServerNames names_;  // Indices of paths_.
  std::vector<std::string> paths_;    // What the path of the page begins with; "": any.
  std::vector<Regex> expressions_;    // Of the page without its scheme.
  bool has_names_ = false;
};

}  // namespace tierce::nginx
