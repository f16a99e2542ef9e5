// The forms of passwords in a file of auth_basic_user_file.
#pragma once

#include <string>
#include <string_view>

namespace tierce::nginx {

// Whether `stored` was made of `password`: {PLAIN}, {SHA}, {SSHA}, Apache's $apr1$, and all that crypt(3) knows. A
// password with a NUL is none, crypt(3) would not see what follows it. Takes milliseconds where the form wants that.
bool is_password(std::string_view stored, const std::string& password);

// Apache's variation of MD5, "$apr1$SALT$..."; the salt ends at its 8th byte or at a '$'.
std::string apr1_hash(std::string_view password, std::string_view salt);

}  // namespace tierce::nginx
