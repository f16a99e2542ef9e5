#include "config/uwsgi/show_config.h"

#include <fmt/format.h>

namespace tierce::config::uwsgi {

std::string show_config(const Reading& reading) {
  std::string out = ";uWSGI instance configuration\n[uwsgi]\n";
  for (const Assignment& line : reading.assignments) {
    out += fmt::format("{} = {}\n", line.name, line.value.value_or("true"));
  }
  return out + ";end of configuration\n";
}

}  // namespace tierce::config::uwsgi
