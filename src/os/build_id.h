// What tells one build of a program from another, whatever its file is called and wherever it lies: the note that the
// linker leaves in it (ld --build-id).
#pragma once

#include <string>

namespace tierce::os {

// The bytes of the note; "" for what is no program, or has none.
std::string build_id_of(const std::string& path);
// Whether the file is this very program: itself through whatever links, or a copy of it.
bool is_this_program(const std::string& path);

}  // namespace tierce::os
