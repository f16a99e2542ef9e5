#include <cstddef>
#include <cstdint>

#include "check/dockerfile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto read = tierce::check::read_dockerfile({reinterpret_cast<const char*>(data), size});
  for (const auto& copy : read.copies) {
    if (!copy.destination.starts_with('/')) __builtin_trap();
  }
  return 0;
}
