#include "nginx/user_file.h"

#include <crypt.h>

#include <fstream>
#include <memory>

#include "edge/basic_auth.h"

namespace tierce::nginx {

bool is_password(std::string_view hash, const std::string& password) {
  if (hash.starts_with("{PLAIN}")) return edge::equal_in_constant_time(hash.substr(7), password);
  if (hash.starts_with("{SHA}")) return edge::is_password_of(hash, password);
  const auto room = std::make_unique<crypt_data>();
  const char* made = ::crypt_r(password.c_str(), std::string(hash).c_str(), room.get());
  return made != nullptr && made[0] != '*' && edge::equal_in_constant_time(made, hash);
}

UserFound look_up_user(const std::string& path, std::string_view credentials) {
  const std::size_t colon = credentials.find(':');
  const std::string_view user = credentials.substr(0, colon);
  const std::string password(colon == std::string_view::npos ? std::string_view() : credentials.substr(colon + 1));
  std::ifstream file(path);
  if (!file) return UserFound::kNoFile;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#') || !line.starts_with(user) || line.size() <= user.size() || line[user.size()] != ':')
      continue;
    std::string_view hash = std::string_view(line).substr(user.size() + 1);
    hash = hash.substr(0, hash.find_first_of(":\r "));
    return is_password(hash, password) ? UserFound::kYes : UserFound::kWrongPassword;
  }
  return UserFound::kUnknown;
}

}  // namespace tierce::nginx
