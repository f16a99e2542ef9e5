// What a server block of nginx.conf says about TLS, with the files read: the master, who may read keys, makes it;
// contexts are made of it by whoever serves.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/nginx/passing_settings.h"
#include "config/nginx/server_settings.h"
#include "tls/context_parts.h"
#include "tls/shared_sessions.h"
#include "tls/ticket_keys.h"

namespace tierce::tls {

enum class VerifyClient : std::uint8_t { kOff, kOn, kOptional, kOptionalNoCa };
enum class SessionCache : std::uint8_t { kNone, kOff, kOwn };

struct ServerMaterial {
  std::vector<KeyPair> pairs;  // Of different kinds: RSA, ECDSA. None: only with reject_handshake.
  std::vector<std::string> passwords;
  std::vector<std::string> protocols;
  std::string ciphers, curves;
  NamedBytes dh_parameters;
  bool prefer_server_ciphers = false;
  // kOwn: of this process; `shared_sessions`, when there are, is asked after it.
  SessionCache session_cache = SessionCache::kNone;
  std::int64_t own_sessions = 20480;
  std::shared_ptr<SharedSessions> shared_sessions;
  std::chrono::seconds session_timeout{300};
  bool tickets = true;
  std::vector<TicketKey> ticket_keys;  // The first seals.
  VerifyClient verify = VerifyClient::kOff;
  int verify_depth = 1;
  NamedBytes client_authorities, trusted, revoked;
  bool stapling = false, stapling_verify = false;
  std::string stapled;             // DER, of ssl_stapling_file; for every certificate.
  std::string stapling_responder;  // "": the one that the certificate names.
  bool early_data = false, reject_handshake = false;
  bool http2 = false;  // Of the server; an address may have it too.
  std::vector<std::vector<std::string>> commands;
  std::size_t record_bytes = 16384;
};

// The zones of ssl_session_cache, by name: servers that say the same name share one. Fails when a name has two sizes.
using FindSessions = std::function<Result<std::shared_ptr<SharedSessions>>(std::string_view name, std::int64_t bytes)>;

// Reads the files of `settings`; those with no leading '/' are under `directory`. Values that nobody has said are
// nginx's defaults. Fails, with nginx's words, when a file cannot be read, when the certificates and keys do not come
// in pairs, or when a certificate has variables in its name, which only the time of the handshake could tell.
Result<ServerMaterial> read_server_material(const config::nginx::TlsServerSettings& settings,
                                            std::string_view directory, const FindSessions& find_sessions);

// The other direction: proxy_ssl_* and its kin.
struct ClientMaterial {
  KeyPair pair;  // Empty names: none is shown.
  std::vector<std::string> passwords;
  std::vector<std::string> protocols;
  std::string ciphers;
  bool verify = false;
  int verify_depth = 1;
  NamedBytes trusted, revoked;
  std::vector<std::vector<std::string>> commands;
};
Result<ClientMaterial> read_client_material(const config::nginx::PassingTls& settings, std::string_view directory);

}  // namespace tierce::tls
