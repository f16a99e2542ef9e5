// Options about files that the edge serves, and about header fields it adds.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/regex.h"
#include "config/uwsgi/option_arguments.h"
#include "config/uwsgi/written_value.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;

struct Pair {
  string_view left, right;
};

// "left=right"; the first equals sign divides.
Result<Pair> divided(const Assignment& line, string_view form) {
  const string_view value = text_of(line);
  const std::size_t equals = value.find('=');
  if (equals == string_view::npos || equals + 1 == value.size()) {
    return fail(Error(fmt::format("expects {}, got '{}'", form, value)));
  }
  return Pair{value.substr(0, equals), value.substr(equals + 1)};
}

Result<void> add_map(std::vector<StaticMap>& maps, const Assignment& line, StaticMap::Below below) {
  const auto pair = divided(line, "/PREFIX=DIRECTORY");
  if (!pair) return fail(pair.error());
  maps.push_back({std::string(pair->left), std::string(pair->right), below});
  return {};
}
Done static_map(Applying& a, const Assignment& line) { return add_map(a.static_maps, line, StaticMap::Below::kRest); }
Done static_map_whole(Applying& a, const Assignment& line) {
  return add_map(a.static_maps_whole, line, StaticMap::Below::kWhole);
}
Done check_static(Applying& a, const Assignment& line) {
  if (text_of(line).empty()) return fail("expects a directory");
  a.static_checks.push_back({"", std::string(text_of(line)), StaticMap::Below::kWhole});
  return {};
}
Done static_index(Applying& a, const Assignment& line) {
  a.settings.edge.files.index.emplace_back(text_of(line));
  return {};
}
Done static_skip_ext(Applying& a, const Assignment& line) {
  a.settings.edge.files.skipped_endings.emplace_back(text_of(line));
  return {};
}
Done static_safe(Applying& a, const Assignment& line) {
  a.settings.edge.files.safe.emplace_back(text_of(line));
  return {};
}
Done mime_file(Applying& a, const Assignment& line) {
  a.settings.edge.files.mime_files.emplace_back(text_of(line));
  return {};
}

template <StaticExpires::Of of, bool from_modified>
Done expires(Applying& a, const Assignment& line) {
  const string_view value = text_of(line);
  const char between = of == StaticExpires::Of::kType ? '=' : ' ';
  const std::size_t end = value.find(between);
  if (end == string_view::npos || end == 0) {
    return fail(Error(fmt::format("expects {}{}SECONDS, got '{}'", between == '=' ? "TYPE" : "REGEX", between, value)));
  }
  const Number read = number_of(value.substr(end + 1));
  if (!read.whole) a.note(line, fmt::format("{}: '{}' is read as {} seconds", line.name, value, read.value));
  const string_view pattern = value.substr(0, end);
  if (of != StaticExpires::Of::kType) {
    if (auto regex = Regex::compile(pattern); !regex) return fail(std::move(regex).error());
  }
  a.settings.edge.files.expires.push_back({of, std::string(pattern), read.value, from_modified});
  return {};
}

Done gzip(Applying& a, const Assignment& line) {
  if (auto regex = Regex::compile(text_of(line)); !regex) return fail(std::move(regex).error());
  a.settings.edge.files.packed_patterns.emplace_back(text_of(line));
  return {};
}
Done gzip_all(Applying& a, const Assignment& line) {
  a.settings.edge.files.packed_all = flag(a, line);
  return {};
}
Done gzip_directory(Applying& a, const Assignment& line) {
  a.settings.edge.files.packed_prefixes.emplace_back(text_of(line));
  return {};
}
Done gzip_ending(Applying& a, const Assignment& line) {
  a.settings.edge.files.packed_endings.emplace_back(text_of(line));
  return {};
}

// "Name: value", as every response is to have it.
Done add_header(Applying& a, const Assignment& line) {
  const string_view value = text_of(line);
  const std::size_t colon = value.find(':');
  const string_view name = trimmed(value.substr(0, colon));
  const auto good = [](string_view text, string_view forbidden) {
    return std::none_of(text.begin(), text.end(), [&](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || forbidden.find(c) != string_view::npos;
    });
  };
  if (colon == string_view::npos || name.empty() || !good(name, " \"(),/:;<=>?@[\\]{}") || !good(value, "")) {
    a.note(line, fmt::format("{}: '{}' is no header field: nothing is added", line.name, value));
    return {};
  }
  a.settings.edge.added_fields += fmt::format("{}: {}\r\n", name, trimmed(value.substr(colon + 1)));
  return {};
}
Done remove_header(Applying& a, const Assignment& line) {
  std::string name(trimmed(text_of(line)));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  a.settings.edge.removed_fields.push_back(std::move(name));
  return {};
}

using Of = StaticExpires::Of;

constexpr std::array kRows = {
    honoured("static-map", Argument::kValue, static_map,
             "/PREFIX=DIR: paths with this prefix are files below DIR, when they are there."),
    honoured("static-map2", Argument::kValue, static_map_whole, "The same, looking for the whole path below DIR."),
    honoured("check-static", Argument::kValue, check_static, "Every path is looked for below this directory."),
    also("static-check", "check-static"),
    honoured("static-index", Argument::kValue, static_index, "The file that stands for its directory."),
    honoured("static-skip-ext", Argument::kValue, static_skip_ext,
             "Paths that end in this are left to the application."),
    honoured("static-safe", Argument::kValue, static_safe, "Symbolic links out of a map may lead below this."),
    honoured("mimefile", Argument::kValue, mime_file, "Content types, in the form of /etc/mime.types."),
    also("mime-file", "mimefile"),
    honoured("static-expires", Argument::kText, (expires<Of::kFile, false>),
             "REGEX SECONDS: Expires of the files whose path matches, counted from now."),
    honoured("static-expires-mtime", Argument::kText, (expires<Of::kFile, true>),
             "The same, counted from the file's time."),
    honoured("static-expires-type", Argument::kText, (expires<Of::kType, false>),
             "TYPE=SECONDS: Expires of the files with this content type."),
    honoured("static-expires-type-mtime", Argument::kText, (expires<Of::kType, true>),
             "The same, counted from the file's time."),
    honoured("static-expires-uri", Argument::kText, (expires<Of::kUri, false>),
             "REGEX SECONDS: Expires of what is asked for with such a URI."),
    honoured("static-expires-uri-mtime", Argument::kText, (expires<Of::kUri, true>),
             "The same, counted from the file's time."),
    honoured("static-expires-path-info", Argument::kText, (expires<Of::kPath, false>),
             "REGEX SECONDS: Expires of what is asked for with such a path."),
    honoured("static-expires-path-info-mtime", Argument::kText, (expires<Of::kPath, true>),
             "The same, counted from the file's time."),
    honoured("static-gzip", Argument::kText, gzip, "REGEX: of such files FILE.gz is sent to those who take gzip."),
    honoured("static-gzip-all", Argument::kFlag, gzip_all,
             "FILE.gz, where it is there, is sent to those who take gzip."),
    honoured("static-gzip-dir", Argument::kValue, gzip_directory, "The same, of files below this directory."),
    also("static-gzip-prefix", "static-gzip-dir"),
    honoured("static-gzip-ext", Argument::kValue, gzip_ending, "The same, of files that end in this."),
    also("static-gzip-suffix", "static-gzip-ext"),
    honoured("add-header", Argument::kText, add_header, "'Name: value', added to every response."),
    honoured("rem-header", Argument::kValue, remove_header, "A header field taken off the application's responses."),
    also("del-header", "rem-header"),
};

constexpr std::array kLists = {
    Listed{Answer::kNoEffect, "an open costs less than looking into a cache of paths",
           "static-cache-paths= static-cache-paths-name="},
    Listed{Answer::kNoEffect, "ranges of files are always honoured", "honour-range"},
};

}  // namespace

Family file_options() { return {kRows, kLists}; }

}  // namespace tierce::config::uwsgi
