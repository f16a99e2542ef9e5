// HTTP's basic authentication: what a client sends, and whether it is right.
#pragma once

#include <string>
#include <string_view>

namespace tierce::edge {

// "user:password" of an "Authorization: Basic" value; empty when there is none.
std::string basic_credentials(std::string_view authorization);
// The user name of an "Authorization: Basic" value; empty when there is none.
std::string basic_user(std::string_view authorization);

// Takes as long for a wrong first byte as for a wrong last one.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// Whether `password` is the one that `hash` was made of: {SHA} and crypt(3)'s DES, which are the forms that uWSGI
// reads. Any other form is no password's.
bool is_password_of(std::string_view hash, const std::string& password);
// Whether a line "user:hash" of the file at `path` says yes to "user:password". The file is read anew each time,
// as uWSGI does: a user added to it can come in at once.
bool file_knows(const std::string& path, std::string_view credentials);

}  // namespace tierce::edge
