#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "check/flask_names.h"
#include "check/rules.h"
#include "os/file_text.h"

namespace tierce::check {
namespace {

namespace fs = std::filesystem;

// From where we stand, where it lies below: as people name it.
std::string tidy(const std::string& path) {
  std::error_code failed;
  const std::string near = fs::proximate(path, failed).lexically_normal().string();
  return failed || near.starts_with("../") ? path : near;
}

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

// "shop/web.py" or "shop/web/__init__.py" of "shop.web:app", in the first directory that has it.
std::string module_file(const Chain& chain, const App& app) {
  std::string module = app.settings.app;
  if (!app.gunicorn) {
    const auto* line = app.line_of("module");
    module = line == nullptr ? "" : line->value.value_or("");
  }
  module = module.substr(0, module.find_first_of(":("));
  if (module.empty() || module.find('/') != std::string::npos) return "";
  std::replace(module.begin(), module.end(), '.', '/');
  std::vector<std::string> directories = import_directories(chain, app);
  // Where people keep both, and start it from.
  const auto place = app.place_of("module", "wsgi_app").value_or(app.start);
  directories.push_back(fs::path(chain.image->shown(place.file)).parent_path().string());
  for (const std::string& directory : directories) {
    for (const char* ending : {".py", "/__init__.py"}) {
      const std::string path = (directory.empty() ? "" : directory + "/") + module + ending;
      if (const auto local = chain.image->local(path); local && fs::is_regular_file(*local)) return tidy(*local);
    }
  }
  return "";
}

}  // namespace

void check_python(Chain& chain) {
  std::set<std::string> files;
  for (const std::string& path : chain.python_files) files.insert(tidy(path));
  for (const std::string& directory : directories(chain)) {
    for (const std::string& path : chain.image->python_files(directory)) files.insert(tidy(chain.image->shown(path)));
  }
  for (const auto& app : chain.apps) files.insert(module_file(chain, *app));
  files.erase("");
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
                                fmt::format("'{}' object has no attribute '{}'", wrong.kind, wrong.attribute),
                                fmt::format("did you mean '{}'?", wrong.near)});
    }
  }
}

}  // namespace tierce::check
