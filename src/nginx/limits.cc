#include "nginx/limits.h"

namespace tierce::nginx {

Async<int> check_limits(Request&) { co_return kNext; }

}  // namespace tierce::nginx
