// The resident memory of programs with all they have started.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tierce::supervisord {

struct ProcessMemory {
  pid_t pid;
  pid_t parent;
  pid_t group;
  std::uint64_t resident_bytes;
};

// What one /proc/PID/stat says; `page`: bytes of a page. All zeros when it is no such line.
ProcessMemory read_stat(const std::string& text, std::uint64_t page);
// For each of `programs` the sum over itself, its process group, and what descends from it.
std::map<pid_t, std::uint64_t> memory_of_programs(const std::vector<ProcessMemory>& all,
                                                  const std::set<pid_t>& programs);
// Of every process there is.
std::vector<ProcessMemory> memory_of_all();

}  // namespace tierce::supervisord
