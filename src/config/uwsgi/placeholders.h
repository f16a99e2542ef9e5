// What stands for something else in the values, replaced when all is read: $(ENVIRONMENT), then @(file),
// then %(name) and %(a + 1). A placeholder is the first value that name was given; one that has none stays
// as it is written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/uwsgi/assignment.h"
#include "config/uwsgi/surroundings.h"

namespace tierce::config::uwsgi {

Result<void> replace_placeholders(std::vector<Assignment>& assignments, const Surroundings& surroundings);

// The names between the parentheses of %( ) in the text, arithmetic taken apart.
std::vector<std::string> placeholders_in(std::string_view text);

void replace_all(std::string& text, std::string_view what, std::string_view with);

}  // namespace tierce::config::uwsgi
