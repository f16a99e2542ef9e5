// The end of every command that serves: supervisor, edge and workers, from settings.
#pragma once

#include "config/run_settings.h"

namespace tierce::cli {

// The exit code; see run_command.h.
int serve(const config::RunSettings& settings);

}  // namespace tierce::cli
