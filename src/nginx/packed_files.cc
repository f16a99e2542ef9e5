#include "nginx/packed_files.h"

namespace tierce::nginx {

int answer_with_packed_file(Request&) { return kNext; }

}  // namespace tierce::nginx
