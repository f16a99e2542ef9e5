// Reads a supervisord.conf with all it includes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/supervisord/expansion.h"
#include "config/supervisord/settings.h"

namespace tierce::config::supervisord {

// What of the world outside goes into the values.
struct Surroundings {
  std::map<std::string, std::string, std::less<>> environment;
  std::string host_name;
  std::string temporary_directory = "/tmp";
  bool is_root = false;
  // What is read instead of a file of that path.
  std::map<std::string, std::string, std::less<>> texts;
};
Surroundings surroundings();

// Given on the command line: they win over the file.
struct Overrides {
  bool nodaemon = false;
  bool silent = false;
  bool nocleanup = false;
  bool strip_ansi = false;
  std::map<std::string, std::string, std::less<>> values;  // Key of [supervisord] -> value.
};

// Fails with "file:line: what is wrong".
Result<Settings> read_settings(const std::string& path, const Overrides& overrides, const Surroundings& around);

// Goes on behind errors, which are added to `errors`: a program or group that is refused is left out. Fails where there
// is nothing to read.
Result<Settings> read_settings_as_far_as_possible(const std::string& path, const Overrides& overrides,
                                                  const Surroundings& around, std::vector<Error>& errors);

// The sections of a file and what it includes, "%(here)s" replaced.
struct IniFile {
  std::string path;
  std::string here;
  std::vector<IniSection> sections;
  std::vector<std::string> infos;
  std::vector<std::string> warnings;
};
Result<IniFile> read_ini_file(const std::string& path, const Surroundings& around);
const IniSection* find_section(const IniFile& file, std::string_view name);

}  // namespace tierce::config::supervisord
