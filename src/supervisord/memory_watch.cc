#include "supervisord/memory_watch.h"

#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unordered_map>

namespace tierce::supervisord {

ProcessMemory read_stat(const std::string& text, std::uint64_t page) {
  // The name in parentheses may hold anything.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  ProcessMemory process{};
  std::istringstream words(text.substr(name_end + 1));
  std::string state, skipped;
  process.pid = static_cast<pid_t>(std::atoi(text.c_str()));  // NOLINT(cert-err34-c): the kernel's
  words >> state >> process.parent >> process.group;
  for (int field = 6; field < 24; ++field) words >> skipped;
  std::uint64_t pages = 0;
  if (!(words >> pages)) return {};
  process.resident_bytes = pages * page;
  return process;
}

std::map<pid_t, std::uint64_t> memory_of_programs(const std::vector<ProcessMemory>& all,
                                                  const std::set<pid_t>& programs) {
  std::unordered_map<pid_t, const ProcessMemory*> by_pid;
  for (const ProcessMemory& process : all) by_pid[process.pid] = &process;
  std::map<pid_t, std::uint64_t> sums;
  for (const ProcessMemory& process : all) {
    pid_t program = programs.contains(process.group) ? process.group : 0;
    // Processes come and go while they are read: no circle may keep us.
    std::size_t steps = 0;
    for (const ProcessMemory* at = &process; program == 0 && at != nullptr && steps < all.size(); ++steps) {
      if (programs.contains(at->pid)) program = at->pid;
      const auto parent = by_pid.find(at->parent);
      at = parent != by_pid.end() ? parent->second : nullptr;
    }
    if (program != 0) sums[program] += process.resident_bytes;
  }
  return sums;
}

std::vector<ProcessMemory> memory_of_all() {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::vector<ProcessMemory> all;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    if (std::isdigit(static_cast<unsigned char>(entry.path().filename().string().front())) == 0) continue;
    std::ifstream stream(entry.path() / "stat");
    std::string text;
    if (!std::getline(stream, text)) continue;
    const ProcessMemory process = read_stat(text, page);
    if (process.pid > 0) all.push_back(process);
  }
  return all;
}

}  // namespace tierce::supervisord
