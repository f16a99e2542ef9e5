// A decoded request path as the path of a file below some directory.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tierce::http {

// The path with "//", "." and ".." worked out, without a slash in front: "" is the directory itself. A slash at
// the end stays, because "file/" is no file. None: it leads out of the directory, at any point on the way, or
// holds a NUL.
std::optional<std::string> path_below(std::string_view decoded);

// The same path with "." and ".." worked out and nothing else: "//" stays, what leads above the root ends there.
// One that does not begin with a slash stays as it is.
std::string without_dot_segments(std::string_view decoded);

}  // namespace tierce::http
