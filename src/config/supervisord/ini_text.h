// The text of one file of supervisord's, as Python's configparser reads it: sections, "key = value" or "key: value",
// lines that are indented deeper go on with the value, and "#" or ";" begins a comment at the start of a line or
// behind a blank.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tierce::config::supervisord {

struct Place {
  std::string file;
  int line = 0;
  std::string text() const { return file + ":" + std::to_string(line); }
  bool operator==(const Place&) const { return true; }  // Where a setting stands does not make it another one.
};

struct IniKey {
  std::string name;   // In lower case.
  std::string value;  // Lines of a longer value are parted by '\n'.
  Place place;
};

struct IniSection {
  std::string name;
  Place place;
  std::vector<IniKey> keys;  // A key given twice stands once, with its last value.
  const IniKey* find(std::string_view key) const;
};

// Adds to `sections`: a section that is there already is continued. Fails with "file:line: ...".
Result<void> read_ini(std::string_view text, const std::string& file, std::vector<IniSection>& sections);

}  // namespace tierce::config::supervisord
