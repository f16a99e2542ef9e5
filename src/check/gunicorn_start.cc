#include "check/gunicorn_start.h"

#include <filesystem>
#include <optional>
#include <string_view>

#include "config/gunicorn_settings.h"

namespace tierce::check {
namespace {

namespace fs = std::filesystem;
using std::string_view;

std::string absolute(const std::string& path) {
  std::error_code ignored;
  return fs::absolute(path, ignored).lexically_normal().string();
}

std::string below(const std::string& directory, const std::string& path) {
  return path.starts_with('/') || directory.empty() ? path : directory + "/" + path;
}

// The value of "-c FILE", "-cFILE", "--config FILE" or "--config=FILE" at words[i], which is moved to the last word of
// it; nullopt: another option stands there. `letter` may be "".
std::optional<std::string> option_value(const std::vector<std::string>& words, std::size_t& i, string_view letter,
                                        string_view name) {
  const string_view word = words[i];
  if ((word == name || (!letter.empty() && word == letter)) && i + 1 < words.size()) return words[++i];
  if (word.starts_with(name) && word.substr(name.size()).starts_with('='))
    return std::string(word.substr(name.size() + 1));
  if (!letter.empty() && word.starts_with(letter) && word.size() > letter.size())
    return std::string(word.substr(letter.size()));
  return std::nullopt;
}

}  // namespace

GunicornStart gunicorn_start(const std::vector<std::string>& arguments, std::string directory, const Image& image) {
  GunicornStart start;
  std::string named;
  std::vector<std::string>& kept = start.source.arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (const auto file = option_value(arguments, i, "-c", "--config")) {
      named = file->starts_with("file:") ? file->substr(5) : *file;
    } else if (const auto chdir = option_value(arguments, i, "", "--chdir")) {
      directory = below(directory, *chdir);
      // The image has its own directories.
      if (!image.is_container()) kept.push_back("--chdir=" + *chdir);
    } else {
      kept.push_back(arguments[i]);
    }
  }
  start.source.table = config::gunicorn_table();
  std::error_code ignored;
  const std::string here = directory.empty() ? "." : image.shown(directory);
  start.source.directory = fs::is_directory(here, ignored) ? absolute(here) : absolute(".");
  if (named.starts_with("python:")) {
    kept.insert(kept.begin(), {"-c", named});
    return start;
  }
  // As Gunicorn, which looks for the usual name only when none is given.
  const std::string file = below(directory, named.empty() ? "gunicorn.conf.py" : named);
  const auto local = image.local(file);
  if (!local || !fs::is_regular_file(*local, ignored)) {
    start.missing = named;
    return start;
  }
  start.configuration = start.source.shown = *local;
  kept.insert(kept.begin(), {"-c", absolute(*local)});
  return start;
}

}  // namespace tierce::check
