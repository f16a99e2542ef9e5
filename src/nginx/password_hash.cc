#include "nginx/password_hash.h"

#include <crypt.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

#include "edge/basic_auth.h"
#include "nginx/base64.h"

namespace tierce::nginx {
namespace {

using std::string_view;

constexpr string_view kPlain = "{PLAIN}", kSha = "{SHA}", kSalted = "{SSHA}", kApr1 = "$apr1$";
constexpr std::size_t kShaBytes = 20, kMd5Bytes = 16;
constexpr std::size_t kSaltBytesMost = 8;

// What was put in, hashed; then it is empty again.
class Digest {
 public:
  explicit Digest(const EVP_MD* kind) : kind_(kind), context_(EVP_MD_CTX_new()) { start(); }
  Digest& add(string_view text) {
    EVP_DigestUpdate(context_.get(), text.data(), text.size());
    return *this;
  }
  std::string take() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
    unsigned bytes = 0;
    EVP_DigestFinal_ex(context_.get(), made.data(), &bytes);
    start();
    return {reinterpret_cast<const char*>(made.data()), bytes};
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  void start() { EVP_DigestInit_ex(context_.get(), kind_, nullptr); }

  const EVP_MD* kind_;
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

void append_apr1_digits(unsigned value, int digits, std::string& out) {
  constexpr string_view kDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (; digits > 0; --digits, value >>= 6) out += kDigits[value & 0x3f];
}

bool is_sha(string_view stored, const std::string& password) {
  const auto bytes = decode_base64(stored);
  return bytes && edge::equal_in_constant_time(*bytes, Digest(EVP_sha1()).add(password).take());
}

bool is_salted_sha(string_view stored, const std::string& password) {
  const auto bytes = decode_base64(stored);
  if (!bytes || bytes->size() < kShaBytes) return false;
  const string_view all = *bytes;
  return edge::equal_in_constant_time(all.substr(0, kShaBytes),
                                      Digest(EVP_sha1()).add(password).add(all.substr(kShaBytes)).take());
}

bool is_crypted(const std::string& stored, const std::string& password) {
  const auto room = std::make_unique<crypt_data>();  // 32 KiB.
  const char* made = ::crypt_r(password.c_str(), stored.c_str(), room.get());
  // A form that it does not know is "*0" to it, which is no hash.
  return made != nullptr && made[0] != '*' && edge::equal_in_constant_time(made, stored);
}

}  // namespace

std::string apr1_hash(string_view password, string_view salt) {
  salt = salt.substr(0, std::min(salt.find('$'), kSaltBytesMost));
  Digest md5(EVP_md5());
  std::string last = md5.add(password).add(salt).add(password).take();
  md5.add(password).add(kApr1).add(salt);
  for (std::size_t left = password.size(); left > 0; left -= std::min(left, kMd5Bytes))
    md5.add(string_view(last).substr(0, std::min(left, kMd5Bytes)));
  for (std::size_t bits = password.size(); bits != 0; bits >>= 1)
    md5.add((bits & 1) != 0 ? string_view("\0", 1) : password.substr(0, 1));
  last = md5.take();
  for (int round = 0; round < 1000; ++round) {
    md5.add(round % 2 != 0 ? password : string_view(last));
    if (round % 3 != 0) md5.add(salt);
    if (round % 7 != 0) md5.add(password);
    md5.add(round % 2 != 0 ? string_view(last) : password);
    last = md5.take();
  }
  const auto byte = [&last](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(last[i])); };
  std::string hash(kApr1);
  hash.append(salt) += '$';
  for (std::size_t i = 0; i < 5; ++i)
    append_apr1_digits(byte(i) << 16 | byte(i + 6) << 8 | byte(i == 4 ? 5 : i + 12), 4, hash);
  append_apr1_digits(byte(11), 2, hash);
  return hash;
}

bool is_password(string_view stored, const std::string& password) {
  if (password.find('\0') != std::string::npos || stored.find('\0') != string_view::npos) return false;
  if (stored.starts_with(kPlain)) return edge::equal_in_constant_time(stored.substr(kPlain.size()), password);
  if (stored.starts_with(kSha)) return is_sha(stored.substr(kSha.size()), password);
  if (stored.starts_with(kSalted)) return is_salted_sha(stored.substr(kSalted.size()), password);
  if (stored.starts_with(kApr1))
    return edge::equal_in_constant_time(stored, apr1_hash(password, stored.substr(kApr1.size())));
  return !stored.empty() && is_crypted(std::string(stored), password);
}

}  // namespace tierce::nginx
