// What hook-PHASE and exec-PHASE ask for: commands and small things to do at the turns of the server's life.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/around_settings.h"
#include "os/error_log.h"
#include "os/user_identity.h"

namespace tierce::supervise {

std::vector<config::HookSettings> hooks_of(std::span<const config::HookSettings> hooks, std::string_view phase);

// Runs one in the calling process, and waits for a command: not in the supervisor's loop. Commands run as
// `identity`. The error names the hook and how it failed.
Result<void> run_hook(const config::HookSettings& hook, const os::Identity& identity, const os::ErrorLog& log);
// One after the other until one fails.
Result<void> run_hooks(std::span<const config::HookSettings> hooks, const os::Identity& identity,
                       const os::ErrorLog& log);

// The same, everything that touches files as `identity`; the working directory and the environment are ours.
Result<void> run_hooks_as(std::span<const config::HookSettings> hooks, const os::Identity& identity,
                          const os::ErrorLog& log);

// The same in a child that becomes `identity`, whose exit status says how it went: 0 or 1.
Result<pid_t> run_hooks_aside(const std::vector<config::HookSettings>& hooks, const os::Identity& identity,
                              const os::ErrorLog& log);

}  // namespace tierce::supervise
