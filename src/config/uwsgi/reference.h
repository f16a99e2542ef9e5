// What becomes of each option of uWSGI, for people: `tierce uwsgi --help` and docs/uwsgi-options.md, both
// made from the table (option.h).
#pragma once

#include <string>

namespace tierce::config::uwsgi {

std::string help();
std::string help_markdown();

}  // namespace tierce::config::uwsgi
