#include "http/static_path.h"

#include <algorithm>

namespace tierce::http {

std::optional<std::string> path_below(std::string_view decoded) {
  if (decoded.find('\0') != std::string_view::npos) return std::nullopt;
  std::string path;
  path.reserve(decoded.size());
  bool directory = false;  // What stands last can only be a directory.
  while (!decoded.empty()) {
    const std::size_t slash = std::min(decoded.find('/'), decoded.size());
    const std::string_view step = decoded.substr(0, slash);
    directory = slash < decoded.size() || step == "." || step == "..";
    decoded.remove_prefix(std::min(slash + 1, decoded.size()));
    if (step.empty() || step == ".") continue;
    if (step == "..") {
      if (path.empty()) return std::nullopt;
      const std::size_t parent = path.rfind('/');
      path.resize(parent == std::string::npos ? 0 : parent);
      continue;
    }
    if (!path.empty()) path += '/';
    path += step;
  }
  if (directory && !path.empty()) path += '/';
  return path;
}

std::string without_dot_segments(std::string_view decoded) {
  if (!decoded.starts_with('/') || decoded.find("/.") == std::string_view::npos) return std::string(decoded);
  std::string path;
  path.reserve(decoded.size());
  while (!decoded.empty()) {
    decoded.remove_prefix(1);
    const std::size_t slash = std::min(decoded.find('/'), decoded.size());
    const std::string_view step = decoded.substr(0, slash);
    decoded.remove_prefix(slash);
    if (step != "." && step != "..") {
      path += '/';
      path += step;
      continue;
    }
    if (step == ".." && !path.empty()) path.resize(path.rfind('/'));
    if (decoded.empty()) path += '/';
  }
  return path;
}

}  // namespace tierce::http
