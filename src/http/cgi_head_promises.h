// For the fuzz targets: what code behind the parsers relies on, of every request that is accepted.
#pragma once

#include <cstdlib>
#include <string_view>

#include "http/cgi_head.h"
#include "http/method.h"

namespace tierce::http {

inline void must(bool holds) {
  if (!holds) std::abort();
}

inline void must_keep_promises(const RequestHead& head, const std::vector<HeaderField>& variables,
                               std::string_view bytes, const VariableLimits& limits) {
  const auto inside = [&](Span span) { return std::size_t{span.offset} + span.length <= bytes.size(); };
  must(head.form == FieldForm::kVariables && head.head_bytes <= bytes.size());
  must(variables.size() == head.field_count && !variables.empty() && variables.size() <= limits.count_max);
  must(inside(head.method_name) && is_method(head.method_name.in(bytes.data())));
  must(inside(head.target) && inside(head.path) && inside(head.query) && inside(head.authority));
  std::size_t lengths = 0;
  for (const HeaderField& variable : variables) {
    must(inside(variable.name) && inside(variable.value) && variable.name.length > 0);
    const std::string_view name = variable.name.in(bytes.data()), value = variable.value.in(bytes.data());
    must(name.find('\0') == std::string_view::npos && value.find('\0') == std::string_view::npos);
    lengths += name == "CONTENT_LENGTH" && !value.empty() ? 1 : 0;
  }
  must(lengths <= 1 && (head.body != BodyKind::kLength || lengths == 1));
}

}  // namespace tierce::http
