// TLS at the addresses of servers: which certificate, and what is asked of clients.
#pragma once

#include <memory>

#include "nginx/request.h"
#include "tls/context.h"

namespace tierce::nginx {

// For a new connection; by the name in its hello another server's takes over. nullptr: there is none, in the log.
std::shared_ptr<const tls::Context> tls_context_of(Site& site, const conf::Listener& listener);
// 0, or the status for a client whose certificate is wrong or missing.
int check_tls_client(Request& request);

}  // namespace tierce::nginx
