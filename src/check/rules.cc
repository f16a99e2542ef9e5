#include "check/rules.h"

namespace tierce::check {

std::vector<Finding> check(Chain& chain) {
  const auto edges = passes_of(chain);
  check_locations(chain, edges);
  check_sockets(chain, edges);
  check_times(chain, edges);
  check_files(chain, edges);
  check_supervision(chain);
  check_control(chain, edges);
  check_python(chain);
  put_in_order(chain.findings);
  return chain.findings;
}

}  // namespace tierce::check
