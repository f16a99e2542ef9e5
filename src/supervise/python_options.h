// What an interpreter is told at its start: "key=value" strings, NUL-separated, on a memfd that it inherits
// (gateway/worker_options.h has the keys).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/run_settings.h"
#include "os/unique_fd.h"

namespace tierce::supervise {

class PythonOptions {
 public:
  PythonOptions& add(std::string_view key, std::string_view value);
  PythonOptions& add(std::string_view key, std::uint64_t value) { return add(key, std::to_string(value)); }
  // The keys gunicorn_conf.py needs to read the configuration.
  PythonOptions& add(const config::GunicornSource& source);
  Result<os::UniqueFd> to_memfd() const;

 private:
  std::string text_;
};

}  // namespace tierce::supervise
