// auth_basic_user_file: lines "name:hash[:comment]".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tierce::nginx {

enum class UserFound : std::uint8_t { kYes, kUnknown, kWrongPassword, kNoFile };
// The file is read anew each time, as nginx does: a user added to it can come in at once.
UserFound look_up_user(const std::string& path, std::string_view credentials);
// Whether the password is that of a hash: crypt(3), $apr1$, {SHA}, {SSHA}, {PLAIN}.
bool is_password(std::string_view hash, const std::string& password);

}  // namespace tierce::nginx
