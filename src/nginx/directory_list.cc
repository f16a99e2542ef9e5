#include "nginx/directory_list.h"

namespace tierce::nginx {

int answer_with_list(Request&) { return 403; }

}  // namespace tierce::nginx
