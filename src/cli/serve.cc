#include "cli/serve.h"

#include "edge/edge_process.h"
#include "supervise/supervisor.h"

namespace tierce::cli {

int serve(const config::RunSettings& settings) { return supervise::run_supervisor(settings, edge::run_edge); }

}  // namespace tierce::cli
