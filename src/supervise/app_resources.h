// The memory that the module `uwsgi` of all workers shares. Made before the first zygote starts and handed to each.
#pragma once

#include <vector>

#include "base/result.h"
#include "config/run_settings.h"
#include "gateway/app_memory.h"
#include "os/unique_fd.h"
#include "os/user_identity.h"
#include "supervise/python_options.h"

namespace tierce::supervise {

class AppResources {
 public:
  // `owner` gets the files that caches are stored in.
  static Result<AppResources> create(const config::RunSettings& settings, const os::Identity& owner);
  // The keys for the interpreter (gateway/worker_options.h).
  void describe(const config::UwsgiSource& source, PythonOptions& options, std::uint32_t generation,
                std::uint32_t workers) const;
  // In the forked child: the descriptors stay open in what it becomes.
  void inherit() const;
  const gateway::AppMemory& memory() const { return memory_; }

 private:
  os::UniqueFd memory_fd_;
  gateway::AppMemory memory_;
  std::vector<os::UniqueFd> caches_;
};

}  // namespace tierce::supervise
