// Every option name uWSGI knows, with what tierce makes of it. One table: the command line, the reader of
// files, apply() and the references read it. The rows live in options_*.cc, one file for each family.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/run_settings.h"
#include "config/uwsgi/assignment.h"

namespace tierce::config::uwsgi {

enum class Argument : std::uint8_t {
  kFlag,
  kValue,
  kOptional,
  kText,  // A value in which '#', ';' and quotes mean something: commands, formats, rules.
};

enum class Answer : std::uint8_t {
  kLanguage,  // Part of the language itself: ini, set, if-env ...
  kHonoured,
  kNoEffect,      // The need is gone; `note` says why.
  kNotSupported,  // `note` is the consequence.
};

struct Applying;
using Apply = Result<void> (*)(Applying&, const Assignment&);

struct Option {
  std::string_view name;
  Argument argument = Argument::kValue;
  Answer answer = Answer::kNotSupported;
  std::string_view note;      // What it does, why it has no effect, or what does not happen.
  Apply apply = nullptr;      // Set exactly for what is honoured.
  std::string_view alias_of;  // The name under which the row with the answer stands.
  char letter = 0;            // "-p"
};

// Sorted by name.
std::span<const Option> all_options();
// The row of this very name, and the one that an alias stands for.
const Option* find(std::string_view name);
const Option* find_resolved(std::string_view name);
const Option* find_letter(char letter);
// The known name that a misspelt one most likely meant; empty when nothing is near.
std::string_view nearest_option(std::string_view name);

// The rows of a family. Lists in words: "name" is a flag, "name=" takes a value, "name?" may take one,
// "name~" takes a text, "name>other" is another name for `other` (and takes what that takes).
struct Listed {
  Answer answer;
  std::string_view note;
  std::string_view names;
};
struct Family {
  std::span<const Option> rows;
  std::span<const Listed> lists;
};

Family language_options();
Family honoured_options();
Family file_options();
Family log_options();
Family process_options();
Family python_options();
Family identity_options();
Family around_options();
Family route_options();
Family no_effect_options();
Family not_built_yet_options();
Family not_supported_options();

}  // namespace tierce::config::uwsgi
