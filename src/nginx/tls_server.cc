#include "nginx/tls_server.h"

#include "nginx/error_logs.h"
#include "nginx/site.h"
#include "nginx/variable_table.h"

namespace tierce::nginx {

std::shared_ptr<const tls::Context> tls_context_of(Site& site, const conf::Listener&) {
  site.error_logs().line(Level::kError, "no certificate");
  return nullptr;
}

int check_tls_client(Request&) { return 0; }

ReadVariable find_tls_variable(std::string_view) { return nullptr; }

}  // namespace tierce::nginx
