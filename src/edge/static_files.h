// Finds the file that answers a request, after uWSGI's static-map and its relatives. Belongs to one thread.
#pragma once

#include <cstdint>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/regex.h"
#include "base/result.h"
#include "config/static_settings.h"
#include "http/mime_types.h"
#include "os/document_root.h"

namespace tierce::edge {

struct StaticRequest {
  std::string_view path;  // Decoded.
  std::string_view target;
  std::string_view accept_encoding;
  std::uint64_t now_ns = 0;
  std::time_t wall = 0;
};

struct StaticFile {
  os::OpenFile file;
  std::string_view type;  // "" for an unknown ending.
  std::string fields;     // Whole lines: Expires, Content-Encoding, Vary.
};

class StaticFiles {
 public:
  static Result<StaticFiles> create(const config::StaticSettings& settings);

  bool any() const { return !maps_.empty(); }
  // Some prefix fits: one comparison for each map, no system call.
  bool may_answer(std::string_view path) const;
  // None: the application answers. For GET and HEAD.
  std::optional<StaticFile> find(const StaticRequest& request);
  // The `static` action of a route: the file at `below`, which may hold what a client has said, in a directory
  // that the configuration names.
  std::optional<StaticFile> open(const std::string& directory, std::string_view below, const StaticRequest& request);

 private:
  struct Map {
    std::string prefix;
    config::StaticMap::Below below;
    os::DocumentRoot root;
  };
  struct Expires {
    config::StaticExpires rule;
    std::optional<Regex> pattern;
  };

  std::optional<os::OpenFile> open_below(Map& map, std::string& relative, std::uint64_t now_ns) const;
  std::optional<StaticFile> describe(os::DocumentRoot& root, os::OpenFile file, const std::string& relative,
                                     const StaticRequest& request);
  void take_packed(os::DocumentRoot& root, StaticFile& found, const std::string& relative, std::string_view path,
                   const StaticRequest& request) const;
  bool looks_for_packed(std::string_view path) const;
  bool skipped(std::string_view path) const;
  void add_expires(StaticFile& found, std::string_view path, const StaticRequest& request) const;

  config::StaticSettings settings_;
  std::vector<Map> maps_;
  std::map<std::string, os::DocumentRoot> roots_;  // Of routes.
  std::vector<Expires> expires_;
  std::vector<Regex> packed_patterns_;
  http::MimeTypes types_;
};

// Whether an Accept-Encoding field names `coding` and does not forbid it.
bool accepts_coding(std::string_view field, std::string_view lower_coding);

}  // namespace tierce::edge
