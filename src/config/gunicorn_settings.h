// Gunicorn's settings: one row each, which the reader of command lines and of gunicorn.conf.py (in the user's
// Python: wsgi/python/gunicorn_conf.py), the mapping onto RunSettings, --help and docs/gunicorn-settings.md
// share. A row says what becomes of the setting here.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/run_settings.h"

namespace tierce::config {

// The release whose settings, names, kinds and defaults these are.
inline constexpr std::string_view kGunicornVersion = "27.0.1";

// What the user's Python has made of all sources, in Gunicorn's order: a setting that is None is missing, a
// list has several texts, a boolean is "True" or "False".
class GunicornValues {
 public:
  // "NAME=VALUE" for each value, "@NAME=PLACE" for each setting that somebody has set, "!KIND=PLACE\x1fTEXT" for what
  // is wrong (only with `tierce check`), NUL-separated.
  static GunicornValues read(std::string_view text);

  std::string_view text(std::string_view name) const;  // "" for None.
  bool on(std::string_view name) const { return text(name) == "True"; }
  std::span<const std::string> list(std::string_view name) const;
  // "gunicorn.conf.py:12", "command line", ...; "" for a default.
  std::string_view place(std::string_view name) const;

  struct Wrong {
    std::string kind;   // "error"; "machine": of a user or directory; "name": the text is a name that is no setting.
    std::string place;  // "gunicorn.conf.py:12"; "": the command line's.
    std::string text;
  };
  const std::vector<Wrong>& wrong() const { return wrong_; }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::map<std::string, std::string, std::less<>> places_;
  std::vector<Wrong> wrong_;
};

enum class Answer : std::uint8_t {
  kHonoured,
  kNoEffect,     // The need is gone: `note` says why.
  kUnsupported,  // `note` says what follows; a warning at the start.
  kRefused,      // Not supported, and serving without it would be wrong: no start.
};

struct GunicornSetting {
  std::string_view name;
  std::string_view flags;     // "-w,--workers"; "" for one that only files can set.
  std::string_view argument;  // "INT"; "" for a switch.
  std::string_view kind;      // How values are read and checked: the names in gunicorn_conf.py.
  std::string_view fallback;  // The default, as --print-config shows it.
  Answer answer;
  std::string_view note;
  std::string_view help;
  // Of an honoured setting that the server and not the interpreter carries out.
  Result<void> (*apply)(RunSettings&, const GunicornValues&) = nullptr;
};

std::span<const GunicornSetting> gunicorn_settings();

// The rows for gunicorn_conf.py: "name|flags|kind|default" lines.
std::string gunicorn_table();

struct GunicornRun {
  RunSettings settings;              // With warnings of what is not supported, and its place.
  std::vector<std::string> remarks;  // What has no effect here.
};
// Fails on what cannot be honoured and must not be ignored, naming setting and place.
Result<GunicornRun> run_settings_of(const GunicornValues& values);

std::string gunicorn_help();
// docs/gunicorn-settings.md
std::string gunicorn_help_markdown();

}  // namespace tierce::config
