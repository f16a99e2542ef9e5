// TLS at the addresses of servers: which certificate, and what is asked of clients. The master reads the files, who
// may; contexts are made of them once and shared by the threads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nginx/request.h"
#include "tls/server_context.h"

namespace tierce::nginx {

// Of each server of the model, in its order; nothing for one that has neither certificate nor rejects handshakes.
using TlsMaterials = std::vector<std::optional<tls::ServerMaterial>>;
using TlsContexts = std::vector<std::shared_ptr<const tls::ServerContext>>;

// Reads the certificates of all servers, relative ones in the configuration's folder. Fails with nginx's words.
Result<TlsMaterials> read_tls(const conf::Model& model, const std::string& folder);
Result<TlsContexts> make_tls(const TlsMaterials& materials);

// How connections to an address come in; by the name in its hello another server's certificate is shown.
tls::Arrival arrival_at(Site& site, const conf::Listener& listener);
// 0, or the status for a client whose certificate is wrong or missing, or who means another server than it said.
int check_tls_client(Request& request);

}  // namespace tierce::nginx
