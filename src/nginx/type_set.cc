#include "nginx/type_set.h"

#include "nginx/letter_case.h"

namespace tierce::nginx {
namespace {

std::string_view without_charset(std::string_view type) {
  for (std::size_t at = type.find(';'); at != std::string_view::npos; at = type.find(';', at + 1)) {
    const std::size_t name = type.find_first_not_of(' ', at + 1);
    if (name == std::string_view::npos) break;
    if (starts_with_word(type.substr(name), "charset=")) return type.substr(0, at);
  }
  return type;
}

}  // namespace

TypeSet::TypeSet(const std::vector<std::string>& types) : types_{"text/html"} {
  for (const std::string& type : types) {
    if (type == "*") all_ = true;
    types_.insert(in_small_letters(type));
  }
}

bool TypeSet::has(std::string_view content_type) const {
  if (content_type.empty()) return false;
  return all_ || types_.contains(in_small_letters(without_charset(content_type)));
}

}  // namespace tierce::nginx
