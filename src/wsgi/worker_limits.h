// What a worker takes upon itself when it has been forked.
#pragma once

#include <cstdint>

namespace tierce::wsgi {

// Stays on `cpus` processors, the next ones for each place, as uWSGI deals them out. 0: on any.
void stay_on_processors(std::uint32_t place, std::uint32_t cpus);

// Collects children that have ended and that nobody has waited for.
void reap_children();

}  // namespace tierce::wsgi
