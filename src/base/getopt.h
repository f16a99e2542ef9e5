// A command line as Python's getopt reads it: "-abc value", "-cvalue", "--long value", "--long=value", long names
// may be shortened to what is unambiguous, "--" or the first word ends the options.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tierce {

struct OptionRow {
  char letter;  // '\0' for none.
  std::string_view name;
  bool takes_value;
};

struct GivenOptions {
  struct Option {
    std::string_view name;  // The long one, of the table.
    std::string value;
  };
  std::vector<Option> options;
  std::vector<std::string> words;
};

// Errors are worded as Python's.
Result<GivenOptions> read_options(const std::vector<std::string>& arguments, std::span<const OptionRow> rows);

}  // namespace tierce
