#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tierce {

void check_failed(const char* belief, const std::source_location& where) {
  std::fprintf(stderr, "tierce: check failed: %s (%s:%u)\n", belief, where.file_name(), where.line());
  std::abort();
}

}  // namespace tierce
