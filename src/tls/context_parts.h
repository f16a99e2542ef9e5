// The single steps of making an SSL_CTX as nginx's directives ask for it, for servers and for clients. Errors
// begin with the words that nginx has for them; files are bytes here, named for the messages only.
#pragma once

#include <openssl/ssl.h>

#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace tierce::tls {

// A file that was read by somebody who may, or text that stands in for one.
struct NamedBytes {
  std::string name;
  std::string bytes;
  bool empty() const { return name.empty(); }
};

// A certificate with its chain behind it, and its key; PEM.
struct KeyPair {
  NamedBytes certificate;
  NamedBytes key;  // Maybe encrypted; "engine:NAME:ID" as the bytes: OpenSSL's engine has it.
};

// Each password is tried on a key that is encrypted.
Result<void> use_key_pair(SSL_CTX* context, const KeyPair& pair, const std::vector<std::string>& passwords);

// Whom to believe about the other side. `offered`: their names are sent to clients, who choose a certificate by them.
enum class Names : bool { kKept, kOffered };
Result<void> trust(SSL_CTX* context, const NamedBytes& authorities, Names names);
// Certificates that are not good any more. All of a chain are looked up from then on.
Result<void> use_revocations(SSL_CTX* context, const NamedBytes& list);

// "TLSv1.2", "TLSv1.3", ...: these and no others.
void allow_protocols(SSL_CTX* context, const std::vector<std::string>& protocols);
Result<void> use_ciphers(SSL_CTX* context, const std::string& list);
// "auto" and "": OpenSSL's choice.
Result<void> use_curves(SSL_CTX* context, const std::string& list);
Result<void> use_dh_parameters(SSL_CTX* context, const NamedBytes& parameters);
// OpenSSL's configuration commands, a name and a value each.
Result<void> run_commands(SSL_CTX* context, const std::vector<std::vector<std::string>>& commands);

// What every context of ours has, whichever side it is.
void set_modes(SSL_CTX* context);

}  // namespace tierce::tls
