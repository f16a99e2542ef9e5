#include "edge/static_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "http/field_rules.h"
#include "http/http_date.h"
#include "http/static_path.h"
#include "os/file_text.h"

namespace tierce::edge {
namespace {

using config::StaticExpires;
using config::StaticMap;

bool any_ends(const std::vector<std::string>& endings, std::string_view path) {
  return std::any_of(endings.begin(), endings.end(), [&](const auto& ending) { return path.ends_with(ending); });
}

Result<std::string> text_of_file(const std::string& path) {
  auto text = os::read_file(path);
  if (!text) return fail(errno_error("reading " + path, text.error()));
  return std::move(*text);
}

std::string joined(std::string_view directory, std::string_view below) {
  if (below.empty()) return std::string(directory);
  return fmt::format("{}{}{}", directory, directory.ends_with('/') ? "" : "/", below);
}

}  // namespace

bool accepts_coding(std::string_view field, std::string_view lower_coding) {
  while (!field.empty()) {
    const std::string_view item = http::take_list_item(field);
    const std::size_t mark = std::min(item.find(';'), item.size());
    const std::string_view name = http::trim_blanks(item.substr(0, mark));
    if (name.size() != lower_coding.size() || !http::equals_ignoring_case(name, lower_coding)) continue;
    const std::size_t weight = item.find("q=", mark);
    return weight == std::string_view::npos || item.find_first_of("123456789", weight) != std::string_view::npos;
  }
  return false;
}

Result<StaticFiles> StaticFiles::create(const config::StaticSettings& settings) {
  StaticFiles made;
  made.settings_ = settings;
  for (const StaticMap& map : settings.maps) {
    made.maps_.push_back({map.prefix, map.below, os::DocumentRoot(map.directory, settings.safe)});
  }
  for (const StaticExpires& rule : settings.expires) {
    Expires& added = made.expires_.emplace_back(Expires{rule, std::nullopt});
    if (rule.of == StaticExpires::Of::kType) continue;
    auto regex = Regex::compile(rule.pattern);
    if (!regex) return fail(std::move(regex).error());
    added.pattern = std::move(*regex);
  }
  for (const std::string& pattern : settings.packed_patterns) {
    auto regex = Regex::compile(pattern);
    if (!regex) return fail(std::move(regex).error());
    made.packed_patterns_.push_back(std::move(*regex));
  }
  for (const std::string& path : settings.mime_files) {
    auto text = text_of_file(path);
    if (!text) return fail(std::move(text).error());
    made.types_.add_file(*text);
  }
  return made;
}

bool StaticFiles::may_answer(std::string_view path) const {
  return std::any_of(maps_.begin(), maps_.end(), [&](const Map& map) { return path.starts_with(map.prefix); });
}

bool StaticFiles::skipped(std::string_view path) const { return any_ends(settings_.skipped_endings, path); }

std::optional<os::OpenFile> StaticFiles::open_below(Map& map, std::string& relative, std::uint64_t now_ns) const {
  auto file = map.root.open(relative, now_ns);
  if (!file || !file->is_directory) return file;
  for (const std::string& index : settings_.index) {
    auto below = http::path_below(joined(relative, index));
    if (!below) continue;
    auto inside = map.root.open(*below, now_ns);
    if (!inside || inside->is_directory) continue;
    relative = std::move(*below);
    return inside;
  }
  return std::nullopt;
}

std::optional<StaticFile> StaticFiles::find(const StaticRequest& request) {
  if (skipped(request.path)) return std::nullopt;
  for (Map& map : maps_) {
    if (!request.path.starts_with(map.prefix)) continue;
    const bool whole = map.below == StaticMap::Below::kWhole;
    auto relative = http::path_below(whole ? request.path : request.path.substr(map.prefix.size()));
    if (!relative) continue;
    auto file = open_below(map, *relative, request.now_ns);
    if (!file) continue;
    if (map.root.is_file()) relative->clear();
    if (skipped(*relative)) return std::nullopt;  // An index with such an ending.
    return describe(map.root, std::move(*file), *relative, request);
  }
  return std::nullopt;
}

std::optional<StaticFile> StaticFiles::open(const std::string& directory, std::string_view below,
                                            const StaticRequest& request) {
  const auto relative = http::path_below(below);
  if (!relative || relative->empty()) return std::nullopt;
  const auto root = roots_.try_emplace(directory, directory, settings_.safe).first;
  auto file = root->second.open(*relative, request.now_ns);
  if (!file || file->is_directory) return std::nullopt;
  return describe(root->second, std::move(*file), *relative, request);
}

std::optional<StaticFile> StaticFiles::describe(os::DocumentRoot& root, os::OpenFile file, const std::string& relative,
                                                const StaticRequest& request) {
  const std::string path = joined(root.real_path(), relative);
  StaticFile found{std::move(file), types_.of(path), {}};
  // A link whose own name says nothing: uWSGI goes by the name it leads to.
  if (found.type.empty()) found.type = types_.of(os::path_of(found.file.fd.get()));
  add_expires(found, path, request);
  if (!relative.empty() && looks_for_packed(path)) take_packed(root, found, relative, path, request);
  return found;
}

bool StaticFiles::looks_for_packed(std::string_view path) const {
  const auto& prefixes = settings_.packed_prefixes;
  return settings_.packed_all || any_ends(settings_.packed_endings, path) ||
         std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& prefix) { return path.starts_with(prefix); }) ||
         std::any_of(packed_patterns_.begin(), packed_patterns_.end(),
                     [&](const Regex& pattern) { return pattern.matches(path); });
}

void StaticFiles::take_packed(os::DocumentRoot& root, StaticFile& found, const std::string& relative, std::string_view,
                              const StaticRequest& request) const {
  struct Packed {
    std::string_view coding, ending;
  };
  static constexpr std::array kPacked = {Packed{"br", ".br"}, Packed{"gzip", ".gz"}};
  found.fields += "Vary: Accept-Encoding\r\n";  // A cache must not give one client's form to another.
  for (const Packed& packed : kPacked) {
    if (!accepts_coding(request.accept_encoding, packed.coding)) continue;
    auto file = root.open(relative + std::string(packed.ending), request.now_ns);
    if (!file || file->is_directory) continue;
    found.file = std::move(*file);
    found.fields += fmt::format("Content-Encoding: {}\r\n", packed.coding);
    return;
  }
}

// The first rule of each kind that fits, those that count from now before those that count from the file's time;
// of all kinds the first alone: two Expires fields say nothing.
void StaticFiles::add_expires(StaticFile& found, std::string_view path, const StaticRequest& request) const {
  using Of = StaticExpires::Of;
  for (const Of of : {Of::kFile, Of::kPath, Of::kUri, Of::kType}) {
    for (const bool from_modified : {false, true}) {
      for (const Expires& each : expires_) {
        if (each.rule.of != of || each.rule.from_modified != from_modified) continue;
        const std::string_view subject = of == Of::kFile ? path : of == Of::kPath ? request.path : request.target;
        if (of == Of::kType ? each.rule.pattern != found.type : !each.pattern->matches(subject)) continue;
        char date[http::kHttpDateBytes];
        http::format_http_date((from_modified ? found.file.modified : request.wall) + each.rule.seconds, date);
        found.fields += fmt::format("Expires: {}\r\n", std::string_view(date, sizeof date));
        return;
      }
    }
  }
}

}  // namespace tierce::edge
