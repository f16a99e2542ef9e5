#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tierce {

void check_failed(const char* belief, const char* file, int line) {
  std::fprintf(stderr, "tierce: check failed: %s (%s:%d)\n", belief, file, line);
  std::abort();
}

}  // namespace tierce
