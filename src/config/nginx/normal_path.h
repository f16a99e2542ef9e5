// The path of a request as locations see it: percent escapes decoded, "." and ".." and, unless told otherwise, double
// slashes resolved. Exactly nginx's rules, which other servers share in part: what is compared here is what files are
// looked up by, so two readings of one path would be a hole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tierce::config::nginx {

struct NormalPath {
  std::string path;
  std::string_view arguments;  // Behind the '?', as they came; a view into the target.
};

enum class Slashes : std::uint8_t { kMerged, kKept };

// `target` begins with a slash. nullopt: it leads above the root, has a broken escape or a zero byte: 400.
std::optional<NormalPath> normal_path(std::string_view target, Slashes slashes);

}  // namespace tierce::config::nginx
