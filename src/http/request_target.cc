#include "http/request_target.h"

#include "http/authority.h"
#include "http/field_rules.h"
#include "http/hex_digit.h"

namespace tierce::http {
namespace {

// A NUL would end the file name early in every C interface behind us, so %00 is no escape either.
bool escapes_are_sound(std::string_view path) {
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 3)) {
    if (path.size() - at < 3 || hex_digit(path[at + 1]) < 0 || hex_digit(path[at + 2]) < 0) return false;
    if (path[at + 1] == '0' && path[at + 2] == '0') return false;
  }
  return true;
}

// Length of "http://" or "https://" in front, or 0.
std::size_t scheme_length(std::string_view target) {
  for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")}) {
    if (equals_ignoring_case(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

}  // namespace

Result<TargetParts, TargetError> split_target(std::string_view target, Method method) {
  TargetParts parts;
  if (target == "*") {
    if (method != Method::kOptions) return fail(TargetError::kBadForm);
    parts.path = target;
    return parts;
  }
  std::string_view rest = target;
  if (target.empty()) return fail(TargetError::kBadForm);
  if (target.front() != '/') {
    const std::size_t scheme = scheme_length(target);
    if (scheme == 0) return fail(TargetError::kBadForm);
    rest.remove_prefix(scheme);
    parts.authority = rest.substr(0, rest.find_first_of("/?"));
    if (!is_authority(parts.authority)) return fail(TargetError::kBadForm);
    rest.remove_prefix(parts.authority.size());
  }
  const std::size_t mark = rest.find('?');
  parts.path = rest.substr(0, mark);
  if (mark != std::string_view::npos) {
    parts.has_query = true;
    parts.query = rest.substr(mark + 1);
  }
  if (!escapes_are_sound(parts.path)) return fail(TargetError::kBadEscape);
  return parts;
}

}  // namespace tierce::http
