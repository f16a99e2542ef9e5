// Takes a request target apart (RFC 9112 3.2): origin-form, absolute-form or "*".
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "http/request_head.h"

namespace tierce::http {

enum class TargetError : std::uint8_t { kBadForm, kBadEscape };

// The parts of a target, views into it.
struct TargetParts {
  std::string_view authority;  // Absolute-form only.
  std::string_view path;       // Raw. Empty for "http://h" and "http://h?q", which mean "/".
  std::string_view query;      // Without the '?'.
  bool has_query = false;
};

// `target` holds no blank, no control byte and no '#'. Not for CONNECT, whose target is an authority.
Result<TargetParts, TargetError> split_target(std::string_view target, Method method);

}  // namespace tierce::http
