// Decorators of a Flask application or Blueprint that it does not have: "@app.routes" for "@app.route". The text is
// looked at and nothing of it is run, so only what is plain is found.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tierce::check {

struct WrongDecorator {
  int line = 0;
  std::string kind;       // "Flask", "Blueprint"
  std::string attribute;  // "routes"
  std::string near;       // "route"
};

// Of names that are bound to Flask(...) or Blueprint(...), also within a function, in a text that imports flask and
// does not give them attributes of its own. An attribute that is like none of Flask's may come from an extension and is
// not said.
std::vector<WrongDecorator> wrong_decorators(std::string_view python);

}  // namespace tierce::check
