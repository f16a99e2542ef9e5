#include "config/uwsgi/missing_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace tierce::config::uwsgi {
namespace {

constexpr std::size_t kNamedMax = 3;

// The Python files of `directory`; none when they are more than one wants to read in a line.
std::vector<std::string> python_files(const std::string& directory, const Surroundings& machine) {
  std::vector<std::string> found;
  for (std::string& path : machine.glob(directory + "/*.py")) {
    if (machine.kind_of(path) == Surroundings::Kind::kFile) found.push_back(std::move(path));
  }
  if (found.size() > kNamedMax) found.clear();
  return found;
}

}  // namespace

std::optional<Finding> missing_file(const Applied& applied, const Surroundings& machine) {
  if (!applied.file) return std::nullopt;
  const std::string written = applied.file->value.value_or("");
  std::string path = written.substr(0, written.find(':'));
  if (!path.starts_with('/') && !applied.settings.chdir.empty()) path = applied.settings.chdir + "/" + path;
  if (machine.kind_of(path) != Surroundings::Kind::kNothing) return std::nullopt;
  std::string text = fmt::format("{}: there is no file {}", applied.file->name, path);
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
  if (machine.kind_of(directory) == Surroundings::Kind::kNothing) {
    text += fmt::format(", nor a directory {}", directory);
  } else if (const auto others = python_files(directory, machine); !others.empty()) {
    text += fmt::format("; what is there: {}", fmt::join(others, ", "));
  }
  return Finding{applied.file->source, std::move(text)};
}

}  // namespace tierce::config::uwsgi
