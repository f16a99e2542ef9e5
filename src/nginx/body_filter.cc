#include "nginx/body_filter.h"

#include "nginx/request.h"

namespace tierce::nginx {

void choose_body_filter(Request& request) { request.body_filter.reset(); }

}  // namespace tierce::nginx
