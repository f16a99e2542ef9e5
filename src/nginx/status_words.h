// What stands behind the status in the first line of a response, in nginx's words.
#pragma once

#include <string_view>

namespace tierce::nginx {

// "": a status that nginx has no word for.
std::string_view status_words(int status);

}  // namespace tierce::nginx
