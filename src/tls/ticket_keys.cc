#include "tls/ticket_keys.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace tierce::tls {
namespace {

bool begin_mac(const TicketKey& key, EVP_MAC_CTX* mac) {
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
  return EVP_MAC_init(mac, key.hmac.data(), key.is_short ? 16 : 32, parameters) == 1;
}

const EVP_CIPHER* cipher_of(const TicketKey& key) { return key.is_short ? EVP_aes_128_cbc() : EVP_aes_256_cbc(); }

int seal(const TicketKey& key, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(cipher_of(key))) != 1) return -1;
  std::memcpy(name, key.name.data(), key.name.size());
  const bool begun =
      EVP_EncryptInit_ex(cipher, cipher_of(key), nullptr, key.aes.data(), iv) == 1 && begin_mac(key, mac);
  return begun ? 1 : -1;
}

}  // namespace

Result<TicketKey> read_ticket_key(std::string_view bytes, std::string_view name) {
  if (bytes.size() != 48 && bytes.size() != 80) return fail(Error(fmt::format("\"{}\" must be 48 or 80 bytes", name)));
  TicketKey key;
  key.is_short = bytes.size() == 48;
  const std::size_t part = key.is_short ? 16 : 32;
  std::memcpy(key.name.data(), bytes.data(), 16);
  // The shorter files came first, and have the two keys the other way round.
  std::memcpy(key.is_short ? key.aes.data() : key.hmac.data(), bytes.data() + 16, part);
  std::memcpy(key.is_short ? key.hmac.data() : key.aes.data(), bytes.data() + 16 + part, part);
  return key;
}

TicketKey random_ticket_key() {
  TicketKey key;
  check(RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) == 1 &&
            RAND_bytes(key.hmac.data(), static_cast<int>(key.hmac.size())) == 1 &&
            RAND_bytes(key.aes.data(), static_cast<int>(key.aes.size())) == 1,
        "there are random bytes for the keys of tickets");
  return key;
}

int use_ticket_key(const std::vector<TicketKey>& keys, SSL* ssl, unsigned char* name, unsigned char* iv,
                   EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypting) {
  if (encrypting == 1) return seal(keys.front(), name, iv, cipher, mac);
  const auto key = std::find_if(keys.begin(), keys.end(), [name](const TicketKey& each) {
    return std::memcmp(name, each.name.data(), each.name.size()) == 0;
  });
  if (key == keys.end()) return 0;
  if (!begin_mac(*key, mac) || EVP_DecryptInit_ex(cipher, cipher_of(*key), nullptr, key->aes.data(), iv) != 1)
    return -1;
  // 2: with a new ticket. Those of TLS 1.3 are used once.
  return key == keys.begin() && SSL_version(ssl) != TLS1_3_VERSION ? 1 : 2;
}

}  // namespace tierce::tls
