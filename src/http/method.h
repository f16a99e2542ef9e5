// The request methods by name.
#pragma once

#include <string_view>

#include "http/request_head.h"

namespace tierce::http {

inline constexpr std::size_t kMethodBytesMax = 32;

inline bool is_method_byte(char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; }
// What both wires take for a method: capital letters, '-' and '_', at most kMethodBytesMax.
bool is_method(std::string_view name);
// kOther for one that is none of those we know.
Method method_of(std::string_view name);

}  // namespace tierce::http
