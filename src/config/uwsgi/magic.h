// The one-letter variables of a file: %n, %d, %k ... They are replaced in keys and values when a line is
// read. %% is a percent sign; a letter that means nothing disappears.
#pragma once

#include <string>
#include <string_view>

#include "config/uwsgi/surroundings.h"

namespace tierce::config::uwsgi {

// The version whose language this is: %V.
inline constexpr std::string_view kSpokenVersion = "2.0.31";

// A file as it was asked for.
struct ConfigFile {
  std::string given;    // "../shop.ini"
  std::string path;     // "/srv/shop.ini"
  std::string section;  // "" for the usual one
};

// `original` is the first file loaded; the capital letters speak of it.
std::string replace_magic(std::string_view text, const ConfigFile& file, const ConfigFile& original,
                          const Surroundings& surroundings);

}  // namespace tierce::config::uwsgi
