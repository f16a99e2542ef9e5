#include "edge/basic_auth.h"

#include <crypt.h>
#include <openssl/evp.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>

namespace tierce::edge {
namespace {

// crypt(3)'s oldest form: two characters of salt, eleven of the hash.
constexpr std::size_t kDesBytes = 13;
constexpr std::string_view kSha = "{SHA}";

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

std::string base64_decoded(std::string_view text) {
  std::string data;
  unsigned bits = 0;
  int have = 0;
  for (const char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0) break;
    bits = bits << 6 | static_cast<unsigned>(digit);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    data += static_cast<char>(bits >> have & 0xff);
  }
  return data;
}

bool is_des(std::string_view hash) {
  return hash.size() == kDesBytes &&
         std::all_of(hash.begin(), hash.end(), [](char c) { return c != '+' && (base64_digit(c) >= 0 || c == '.'); });
}

}  // namespace

std::string basic_credentials(std::string_view authorization) {
  if (authorization.size() < 6 || ::strncasecmp(authorization.data(), "Basic ", 6) != 0) return {};
  return base64_decoded(authorization.substr(6));
}

std::string basic_user(std::string_view authorization) {
  std::string user = basic_credentials(authorization);
  user.resize(std::min(user.find(':'), user.size()));
  return user;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  unsigned different = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    different |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
  }
  return different == 0;
}

bool is_password_of(std::string_view hash, const std::string& password) {
  if (password.find('\0') != std::string::npos) return false;  // crypt() would not see what follows it.
  if (hash.starts_with(kSha)) {
    std::array<unsigned char, 20> digest{};
    if (EVP_Q_digest(nullptr, "SHA1", nullptr, password.data(), password.size(), digest.data(), nullptr) != 1)
      return false;
    return equal_in_constant_time(base64_decoded(hash.substr(kSha.size())),
                                  {reinterpret_cast<const char*>(digest.data()), digest.size()});
  }
  if (!is_des(hash)) return false;
  const auto room = std::make_unique<crypt_data>();  // 32 KiB.
  const char* made = ::crypt_r(password.c_str(), std::string(hash).c_str(), room.get());
  return made != nullptr && equal_in_constant_time(made, hash);
}

bool file_knows(const std::string& path, std::string_view credentials) {
  const std::size_t colon = credentials.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view user = credentials.substr(0, colon + 1);
  const std::string password(credentials.substr(colon + 1));
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(user)) continue;
    std::string_view hash = std::string_view(line).substr(user.size());
    hash = hash.substr(0, hash.find_first_of(":\r \t"));
    if (is_password_of(hash, password)) return true;
  }
  return false;
}

}  // namespace tierce::edge
