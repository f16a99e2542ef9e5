// The keys under which a server hands its sessions to clients as tickets (ssl_session_ticket_key).
#pragma once

#include <openssl/ssl.h>

#include <array>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tierce::tls {

struct TicketKey {
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, 32> hmac{};
  std::array<unsigned char, 32> aes{};
  bool is_short = false;  // A file of 48 bytes: 16 of each, AES-128.
};

// A file of 48 or 80 bytes, as `openssl rand` makes them. Fails for other lengths; `name` is the file's.
Result<TicketKey> read_ticket_key(std::string_view bytes, std::string_view name);
// For servers that have no file. Made once, before processes part, so that each takes the tickets of the others.
TicketKey random_ticket_key();

// Tickets of one session, by the first of `keys`; those of the others are taken and renewed. The signature is that
// of SSL_CTX_set_tlsext_ticket_key_evp_cb, plus the keys.
int use_ticket_key(const std::vector<TicketKey>& keys, SSL* ssl, unsigned char* name, unsigned char* iv,
                   EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypting);

}  // namespace tierce::tls
