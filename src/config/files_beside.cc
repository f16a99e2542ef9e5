#include "config/files_beside.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/nearest_name.h"

namespace tierce::config {
namespace {

namespace fs = std::filesystem;

// More than this is no help.
constexpr std::size_t kNamedMax = 3;
constexpr std::size_t kLookedAtMax = 1000;

std::vector<std::string> files_of(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder.empty() ? "." : folder, failed)) {
    if (names.size() == kLookedAtMax) break;
    std::error_code ignored;
    if (entry.is_regular_file(ignored)) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_configuration(const std::string& name) { return name.ends_with(".ini") || name.ends_with(".conf"); }

}  // namespace

std::string what_lies_beside(const std::string& path) {
  const fs::path wanted(path);
  std::vector<std::string> names = files_of(wanted.parent_path());
  if (const std::string_view near = nearest_name(wanted.filename().string(), names); !near.empty())
    return fmt::format("; {} lies beside it", near);
  std::erase_if(names, [](const std::string& name) { return !is_configuration(name); });
  if (names.empty() || names.size() > kNamedMax) return "";
  return fmt::format("; {} {} beside it", fmt::join(names, ", "), names.size() == 1 ? "lies" : "lie");
}

}  // namespace tierce::config
