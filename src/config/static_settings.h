// Which requests the edge answers with files, and how. The words are uWSGI's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tierce::config {

struct StaticMap {
  std::string prefix;     // Of the decoded path; "" matches all.
  std::string directory;  // Or one file.
  enum class Below : std::uint8_t { kRest, kWhole };
  Below below = Below::kRest;  // What is looked up there: the path behind the prefix, or all of it.
};

struct StaticExpires {
  enum class Of : std::uint8_t { kFile, kPath, kUri, kType };
  Of of = Of::kFile;
  std::string pattern;  // A regular expression, or a content type for kType.
  std::int64_t seconds = 0;
  bool from_modified = false;  // Counted from the file's time instead of from now.
};

struct StaticSettings {
  std::vector<StaticMap> maps;  // In the order in which they are tried.
  std::vector<std::string> index;
  std::vector<std::string> skipped_endings;
  std::vector<std::string> safe;  // Symbolic links out of a map may lead below these.
  std::vector<StaticExpires> expires;
  std::vector<std::string> mime_files;
  bool packed_all = false;  // FILE.br and FILE.gz are looked for: of all, by prefix or ending of FILE, by pattern.
  std::vector<std::string> packed_prefixes, packed_endings, packed_patterns;
};

}  // namespace tierce::config
