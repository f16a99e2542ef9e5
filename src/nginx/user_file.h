// auth_basic: what a client sends, and the file of users that it is compared with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tierce::nginx {

struct Credentials {
  std::string user;  // Not empty.
  std::string password;
};

// Of an Authorization field. nullopt: there are none that nginx would read; the answer is 401.
std::optional<Credentials> parse_basic(std::string_view authorization);

// The value of WWW-Authenticate.
std::string basic_challenge(std::string_view realm);

enum class UserVerdict : std::uint8_t {
  kRight,
  kUnknown,        // 401; `user "NAME" was not found in "FILE"`
  kWrongPassword,  // 401; `user "NAME": password mismatch`
  kNoFile,         // 403: there is none.
  kUnreadable,     // 500
};

// Lines "user:password", with what follows another ':' left aside; one that begins with '#' says nothing. The first
// line of a user decides. The forms of passwords: password_hash.h.
UserVerdict check_user(std::string_view file_text, const Credentials& credentials);
// The file is read for each request, as nginx does: who is added to it may come in at once.
UserVerdict check_user_file(const std::string& path, const Credentials& credentials);

}  // namespace tierce::nginx
