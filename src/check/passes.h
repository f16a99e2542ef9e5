// Where the edge hands requests on, and which application of the chain listens there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/chain.h"
#include "check/scopes.h"
#include "config/wire_protocol.h"
#include "os/listen_socket.h"

namespace tierce::check {

// One address of one uwsgi_pass, proxy_pass, fastcgi_pass or scgi_pass; an upstream has several. Or a wsgi_pass.
struct Pass {
  const Edge* edge = nullptr;
  const Scope* scope = nullptr;                    // Where the directive stands.
  const config::nginx::Node* statement = nullptr;  // The directive.
  const config::nginx::Node* server = nullptr;     // The line of the upstream that has the address.
  const Scope* upstream = nullptr;
  config::WireProtocol protocol = config::WireProtocol::kHttp;
  config::nginx::Address address;                             // Not of wsgi_pass.
  std::string program;                                        // Of wsgi_pass.
  const App* app = nullptr;                                   // nullptr: nobody of the chain.
  config::WireProtocol spoken = config::WireProtocol::kHttp;  // What the application expects there.

  // "uwsgi_read_timeout", "proxy_read_timeout"
  std::string directive(std::string_view rest) const;
  // What is behind the directive: "unix:/run/app.sock", "web".
  std::string target() const { return program.empty() ? address.text() : program; }
  config::nginx::Place place() const { return (server != nullptr ? server : statement)->place; }
};

struct EdgePasses {
  const Edge* edge = nullptr;
  std::vector<std::unique_ptr<Scope>> scopes;
  std::vector<Pass> passes;
};
// Of all edges. Addresses with variables are left out.
std::vector<EdgePasses> passes_of(const Chain& chain);

struct AppSocket {
  config::BindAddress bind;
  os::Endpoint endpoint;
};
std::vector<AppSocket> sockets_of(const App& app);
bool is_same(const os::Endpoint& listening, const config::nginx::Address& asked);
// Another machine's.
bool is_remote(const config::nginx::Address& address);

}  // namespace tierce::check
