#include "http/method.h"

#include <algorithm>
#include <utility>

namespace tierce::http {

bool is_method(std::string_view name) {
  return !name.empty() && name.size() <= kMethodBytesMax && std::all_of(name.begin(), name.end(), is_method_byte);
}

Method method_of(std::string_view name) {
  constexpr std::pair<std::string_view, Method> kKnown[] = {
      {"GET", Method::kGet},     {"POST", Method::kPost},       {"HEAD", Method::kHead},
      {"PUT", Method::kPut},     {"DELETE", Method::kDelete},   {"OPTIONS", Method::kOptions},
      {"PATCH", Method::kPatch}, {"CONNECT", Method::kConnect}, {"TRACE", Method::kTrace}};
  for (const auto& [known, method] : kKnown) {
    if (name == known) return method;
  }
  return Method::kOther;
}

}  // namespace tierce::http
