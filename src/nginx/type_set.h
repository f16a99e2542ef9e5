// The content types that gzip_types and its kin name. text/html is always among them.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace tierce::nginx {

class TypeSet {
 public:
  // "*" names every type.
  explicit TypeSet(const std::vector<std::string>& types);
  // `content_type` as the header has it. Its charset does not matter to nginx, any other parameter makes it another
  // type. No type at all is not among them.
  bool has(std::string_view content_type) const;

 private:
  std::unordered_set<std::string> types_;
  bool all_ = false;
};

}  // namespace tierce::nginx
