#include "os/memory_use.h"

#include <unistd.h>

#include <fstream>
#include <string>

namespace tierce::os {

MemoryUse memory_of_process(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t virtual_pages = 0, resident_pages = 0;
  if (!(in >> virtual_pages >> resident_pages)) return {};
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return {virtual_pages * page, resident_pages * page};
}

}  // namespace tierce::os
