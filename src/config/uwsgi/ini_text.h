// The lines of one section of an ini file, as uWSGI cuts them: a key up to the first '=', a value to the
// end of the line, blanks around both cut off. No quoting, no continuation lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tierce::config::uwsgi {

struct IniLine {
  std::string file;  // "": the one that the text stands in (config/line_mark.h).
  int number = 0;
  std::string key;
  std::string value;  // "" without '='.
};

// A section may occur several times; text before the first section belongs to none.
std::vector<IniLine> read_section(std::string_view text, std::string_view section);

// "shop.ini:base" is the section base of shop.ini; ":base" of the file at hand.
struct IniName {
  std::string file;
  std::string section;  // "": uwsgi
};
IniName split_ini_name(std::string_view name);

}  // namespace tierce::config::uwsgi
