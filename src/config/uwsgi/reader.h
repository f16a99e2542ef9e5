// Reads a configuration whole: environment, command line and the files they name, in uWSGI's order, to the
// list of effective options. Where several speak of one option, the later one wins when it is applied.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/uwsgi/assignment.h"
#include "config/uwsgi/surroundings.h"

namespace tierce::config::uwsgi {

struct Reading {
  std::vector<Assignment> assignments;
  std::vector<Finding> findings;  // Comments behind values, quotes: what was read otherwise than uWSGI does.
  std::vector<std::string> set_placeholders;  // Names that set-placeholder made: they are never options.
  std::vector<std::string> referred;          // Names that %( ) or a condition asked for.
  // What `print` and `get` say.
  std::vector<std::string> printed;
  bool only_get = false;  // A `get` was among them: print and end.
};

// `arguments` as behind the program's name.
Result<Reading> read_configuration(const std::vector<std::string>& arguments, const Surroundings& surroundings);

}  // namespace tierce::config::uwsgi
