// An Authorization field of any bytes is read without a look outside it, and credentials that come out of it have a
// user without a colon, who is found in a file that names him.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "nginx/user_file.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace tierce::nginx;
  const auto copy = std::make_unique<char[]>(size);  // Of the exact size: a read past the end is seen.
  if (size != 0) std::memcpy(copy.get(), data, size);
  const auto credentials = parse_basic({copy.get(), size});
  if (!credentials) return 0;
  if (credentials->user.empty() || credentials->user.find(':') != std::string::npos) std::abort();
  if (check_user("", *credentials) != UserVerdict::kUnknown) std::abort();
  const std::string& user = credentials->user;
  if (user[0] == '#' || user.find('\n') != std::string::npos) return 0;
  const std::string& password = credentials->password;
  const bool plain = password.find_first_of(std::string_view(":\r\n\0", 4)) == std::string::npos;
  const auto verdict = check_user("somebody:{PLAIN}x\n" + user + ":{PLAIN}" + password + "\n", *credentials);
  if (user != "somebody" && plain && verdict != UserVerdict::kRight) std::abort();
  return 0;
}
