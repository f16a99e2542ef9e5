#include "check/image.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>

namespace tierce::check {
namespace {

namespace fs = std::filesystem;
using UwsgiSurroundings = config::uwsgi::Surroundings;

// Files that every nginx package brings; what stands in them is of no consequence here.
bool is_stock_file(const std::string& path) {
  const std::string name = fs::path(path).filename();
  for (const char* stock :
       {"mime.types", "uwsgi_params", "proxy_params", "fastcgi_params", "fastcgi.conf", "scgi_params"}) {
    if (name == stock) return true;
  }
  return false;
}

// Of a project with all its libraries the files that matter come first.
constexpr std::size_t kFilesMax = 2000;
constexpr int kDepthMax = 5;

bool is_of_others(const std::string& name) {
  return name.starts_with('.') || name == "node_modules" || name == "__pycache__" || name == "site-packages";
}

// By their paths below it: those of each folder before those of its folders.
std::vector<std::string> files_below(const fs::path& top) {
  std::vector<std::string> found;
  std::vector<std::pair<fs::path, int>> folders = {{"", 0}};
  for (std::size_t i = 0; i < folders.size() && found.size() < kFilesMax; ++i) {
    const auto [folder, depth] = folders[i];
    std::vector<fs::directory_entry> entries;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(top / folder, failed)) entries.push_back(entry);
    std::sort(entries.begin(), entries.end());
    for (const auto& entry : entries) {
      const std::string name = entry.path().filename();
      std::error_code ignored;
      if (entry.is_regular_file(ignored)) found.push_back((folder / name).string());
      if (entry.is_directory(ignored) && depth < kDepthMax && !is_of_others(name))
        folders.emplace_back(folder / name, depth + 1);
    }
  }
  return found;
}

std::string normal(const std::string& path) { return fs::path(path).lexically_normal().string(); }

}  // namespace

// uWSGI's language with the image's files.
class ImageForUwsgi : public UwsgiSurroundings {
 public:
  explicit ImageForUwsgi(const Image& image, std::string directory) : image_(image), directory_(std::move(directory)) {}

  std::vector<std::pair<std::string, std::string>> environment() const override { return {}; }
  using UwsgiSurroundings::environment;
  Result<std::string> read_file(const std::string& path) const override {
    if (const auto* text = image_.translated(path)) return *text;
    const auto found = image_.local(absolute(path));
    if (!found) return fail(Error(fmt::format("the Dockerfile copies no {}", absolute(path))));
    return config::uwsgi::this_machine().read_file(*found);
  }
  Kind kind_of(const std::string& path) const override {
    const auto found = image_.local(absolute(path));
    // What nobody copied may come from a package.
    if (!found) return image_.presence(absolute(path)) == Image::Presence::kMissing ? Kind::kNothing : Kind::kOther;
    return config::uwsgi::this_machine().kind_of(*found);
  }
  std::vector<std::string> glob(const std::string& pattern) const override {
    std::vector<std::string> found;
    for (const std::string& path : image_.copied_files()) {
      if (::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0) found.push_back(path);
    }
    if (found.empty()) found.push_back(pattern);
    return found;
  }
  std::string absolute(const std::string& path) const override {
    return path.starts_with('/') ? normal(path) : normal(directory_ + "/" + path);
  }
  std::uint64_t inode(const std::string&) const override { return 0; }
  Machine machine() const override {
    Machine machine = config::uwsgi::this_machine().machine();
    machine.working_directory = directory_;
    return machine;
  }

 private:
  const Image& image_;
  const std::string directory_;
};

// This machine's, with the given files in their places.
class MachineForUwsgi : public UwsgiSurroundings {
 public:
  explicit MachineForUwsgi(const Image& image) : image_(image) {}

  // The variables of whoever checks are not those of who will serve.
  std::vector<std::pair<std::string, std::string>> environment() const override {
    auto all = real_.environment();
    std::erase_if(all, [](const auto& each) { return each.first.starts_with("UWSGI_"); });
    return all;
  }
  using UwsgiSurroundings::environment;
  Result<std::string> read_file(const std::string& path) const override {
    if (const auto* text = image_.translated(path)) return *text;
    return real_.read_file(image_.shown(path));
  }
  Kind kind_of(const std::string& path) const override { return real_.kind_of(image_.shown(path)); }
  std::vector<std::string> glob(const std::string& pattern) const override { return real_.glob(pattern); }
  std::string absolute(const std::string& path) const override { return real_.absolute(path); }
  std::uint64_t inode(const std::string& path) const override { return real_.inode(path); }
  Machine machine() const override { return real_.machine(); }

 private:
  const Image& image_;
  const UwsgiSurroundings& real_ = config::uwsgi::this_machine();
};

Image::Image() : nginx_(config::nginx::this_machine()), uwsgi_(std::make_unique<MachineForUwsgi>(*this)) {
  nginx_.addresses = nullptr;  // A check waits for no name server.
  // What is included of nginx's own need not be beside a file that waits to be deployed.
  nginx_.read = [this](const std::string& path) -> Result<std::string> {
    auto text = config::nginx::this_machine().read(shown(path));
    if (!text && is_stock_file(path)) return std::string();
    return text;
  };
}

void Image::stand_in(const std::string& file) { given_.push_back(file); }

Image::Image(const Dockerfile& dockerfile, const std::string& path, std::vector<Finding>& findings)
    : container_(true), directory_(dockerfile.directory) {
  const fs::path beside = fs::path(path).parent_path();
  for (const Dockerfile::Copy& copy : dockerfile.copies) {
    for (const std::string& source : copy.sources) {
      if (source.find_first_of("*?[$") != std::string::npos) continue;
      fs::path from = beside / fs::path(source).relative_path();
      std::error_code ignored;
      if (!fs::exists(from, ignored)) {
        const bool looks_like_directory = source.ends_with('/');
        findings.push_back(
            {.severity = Severity::kWarning,
             .code = "copy-missing",
             .place = {path, copy.line},
             .text = fmt::format("COPY {}: it is not beside the Dockerfile", source),
             .suggestion = looks_like_directory ? "its files are looked for in the Dockerfile's own directory" : ""});
        if (!looks_like_directory) continue;
        from = beside.empty() ? "." : beside;
      }
      std::string inside = copy.destination;
      if (fs::is_directory(from, ignored)) {
        if (!inside.ends_with('/')) inside += '/';
      } else if (inside.ends_with('/')) {
        inside += from.filename().string();
      }
      mappings_.push_back({normal(inside), from.lexically_normal().string()});
    }
  }
  std::reverse(mappings_.begin(), mappings_.end());
  copied_files_ = find_copied_files();
  uwsgi_ = std::make_unique<ImageForUwsgi>(*this, directory_);
  nginx_.read = [this](const std::string& asked) -> Result<std::string> {
    if (const auto found = local(asked)) return config::nginx::this_machine().read(*found);
    if (is_stock_file(asked)) return std::string();
    return fail("the Dockerfile copies no such file");
  };
  nginx_.glob = [this](const std::string& pattern) { return glob(pattern); };
}

std::optional<std::string> Image::local(const std::string& path) const {
  if (!container_) {
    if (!path.starts_with('/')) return path;
    for (const std::string& file : given_) {
      if (fs::path(file).filename() == fs::path(path).filename()) return file;
    }
    return path;
  }
  const std::string inside = path.starts_with('/') ? normal(path) : normal(directory_ + "/" + path);
  for (const Mapping& each : mappings_) {
    if (each.inside == inside) return each.outside;
    if (!each.inside.ends_with('/')) continue;
    if (inside + "/" == each.inside) return each.outside;
    if (!inside.starts_with(each.inside)) continue;
    const std::string outside = (fs::path(each.outside) / inside.substr(each.inside.size())).lexically_normal();
    std::error_code ignored;
    if (fs::exists(outside, ignored)) return outside;
  }
  return std::nullopt;
}

Image::Presence Image::presence(const std::string& path) const {
  std::error_code ignored;
  if (const auto found = local(path)) return fs::exists(*found, ignored) ? Presence::kThere : Presence::kMissing;
  const std::string inside = path.starts_with('/') ? normal(path) : normal(directory_ + "/" + path);
  const bool covered = std::any_of(mappings_.begin(), mappings_.end(), [&](const Mapping& each) {
    return each.inside.ends_with('/') && inside.starts_with(each.inside);
  });
  return covered ? Presence::kMissing : Presence::kUnknown;
}

std::vector<std::string> Image::find_copied_files() const {
  std::vector<std::string> found;
  const auto add = [&](std::string path) {
    if (std::find(found.begin(), found.end(), path) == found.end()) found.push_back(std::move(path));
  };
  // What is copied by its own name first: that is the name by which its program knows it.
  for (const Mapping& each : mappings_) {
    if (!each.inside.ends_with('/')) add(each.inside);
  }
  for (const Mapping& each : mappings_) {
    if (!each.inside.ends_with('/')) continue;
    for (const std::string& name : files_below(each.outside)) add(each.inside + name);
  }
  return found;
}

bool Image::is_deep(const std::string& inside) const {
  const std::string folder = fs::path(inside).parent_path().string() + "/";
  return std::none_of(mappings_.begin(), mappings_.end(),
                      [&](const Mapping& each) { return each.inside == inside || each.inside == folder; });
}

std::vector<std::string> Image::python_files(const std::string& directory) const {
  std::vector<std::string> found;
  const std::string pattern = normal(directory + "/*.py");
  for (const std::string& path : container_ ? glob(pattern) : uwsgi_->glob(pattern)) {
    if (uwsgi_->kind_of(path) == UwsgiSurroundings::Kind::kFile) found.push_back(path);
  }
  return found;
}

std::vector<std::string> Image::glob(const std::string& pattern) const {
  std::vector<std::string> found;
  for (const std::string& path : copied_files()) {
    if (::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0) found.push_back(path);
  }
  return found;
}

}  // namespace tierce::check
