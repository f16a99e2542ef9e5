#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "check/flask_names.h"
#include "check/rules.h"
#include "os/file_text.h"

namespace tierce::check {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kFileBytesMax = 1u << 20;
constexpr std::size_t kFilesMax = 50;

// The directories of the applications.
std::set<std::string> directories(const Chain& chain) {
  std::set<std::string> all;
  for (const auto& app : chain.apps) {
    if (!app->settings.chdir.empty()) all.insert(app->settings.chdir);
    if (app->file) {
      const std::string file = app->file->value.value_or("");
      all.insert(fs::path(file).parent_path().string());
    }
    if (chain.image->is_container()) all.insert(chain.dockerfile.directory);
  }
  all.erase("");
  return all;
}

}  // namespace

void check_python(Chain& chain) {
  std::set<std::string> files(chain.python_files.begin(), chain.python_files.end());
  for (const std::string& directory : directories(chain)) {
    for (const std::string& path : chain.image->python_files(directory)) files.insert(chain.image->shown(path));
  }
  std::size_t count = 0;
  for (const std::string& path : files) {
    std::error_code ignored;
    if (++count > kFilesMax || fs::file_size(path, ignored) > kFileBytesMax) continue;
    const auto text = os::read_file(path);
    if (!text) continue;
    for (const WrongDecorator& wrong : wrong_decorators(*text)) {
      chain.findings.push_back({Severity::kError,
                                "flask-name",
                                {path, wrong.line},
                                fmt::format("'Flask' object has no attribute '{}'", wrong.attribute),
                                fmt::format("did you mean '{}'?", wrong.near)});
    }
  }
}

}  // namespace tierce::check
