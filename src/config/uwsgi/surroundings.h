// What the language can ask of the machine: files, environment, names. The language itself is pure; tests
// and the fuzz target bring surroundings of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tierce::config::uwsgi {

class Surroundings {
 public:
  virtual ~Surroundings() = default;

  virtual std::vector<std::pair<std::string, std::string>> environment() const = 0;
  std::optional<std::string> environment(std::string_view name) const;

  // "-" is standard input.
  virtual Result<std::string> read_file(const std::string& path) const = 0;
  enum class Kind : std::uint8_t { kNothing, kFile, kDirectory, kOther };
  virtual Kind kind_of(const std::string& path) const = 0;
  // Sorted; the pattern itself when nothing matches.
  virtual std::vector<std::string> glob(const std::string& pattern) const = 0;
  virtual std::string absolute(const std::string& path) const = 0;
  virtual std::uint64_t inode(const std::string& path) const = 0;

  struct Machine {
    std::string hostname;
    std::string working_directory;
    std::string program;  // Path of the server's binary.
    std::string user;
    std::string group;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t cpus = 1;
    std::uint64_t microseconds = 0;  // Since 1970.
  };
  virtual Machine machine() const = 0;
};

// The real ones.
const Surroundings& this_machine();

}  // namespace tierce::config::uwsgi
