// autoindex: the page that lists a directory, byte by byte as nginx writes it.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "config/nginx/location_settings.h"

namespace tierce::nginx {

struct IndexEntry {
  enum class Kind : std::uint8_t { kDirectory, kFile, kOther };
  std::string name;
  Kind kind = Kind::kFile;
  std::int64_t bytes = 0;
  std::time_t modified = 0;  // In seconds since 1970.
};

struct IndexLook {
  config::nginx::IndexFormat format = config::nginx::IndexFormat::kHtml;
  bool exact_size = true;
  // The page's charset is UTF-8: names are as wide as their characters.
  bool utf8 = false;
  // autoindex_localtime: what the zone is ahead of UTC now; else 0. HTML alone knows other times than UTC.
  int minutes_ahead = 0;
  std::string_view callback;  // Of jsonp; "" makes it json.
};

// Names that begin with a dot are the caller's to leave out; the order of `entries` does not matter. `path` is the
// request's, decoded.
std::string index_page(std::string_view path, std::vector<IndexEntry> entries, const IndexLook& look);
// "text/xml", whose charset is always utf-8, "application/json", ...
std::string_view index_content_type(const IndexLook& look);
// Whether jsonp may call this; nginx answers another one with 400. `callback` is the argument as it was sent.
bool is_callback(std::string_view callback);

}  // namespace tierce::nginx
