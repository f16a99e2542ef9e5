// What the kernel says of a process's memory.
#pragma once

#include <cstdint>

namespace tierce::os {

struct MemoryUse {
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_bytes = 0;
};
// Zeros when there is no such process.
MemoryUse memory_of_process(int pid);

}  // namespace tierce::os
