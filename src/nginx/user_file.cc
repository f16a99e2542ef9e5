#include "nginx/user_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "nginx/base64.h"
#include "nginx/letter_case.h"
#include "nginx/password_hash.h"
#include "os/unique_fd.h"

namespace tierce::nginx {
namespace {

using std::string_view;

constexpr string_view kScheme = "Basic ";

bool is_missing(int error) { return error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG; }

}  // namespace

std::optional<Credentials> parse_basic(string_view authorization) {
  if (!starts_with_word(authorization, kScheme)) return std::nullopt;
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' ', kScheme.size()), authorization.size()));
  const auto pair = decode_base64(authorization);
  if (!pair) return std::nullopt;
  const std::size_t colon = pair->find(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  return Credentials{pair->substr(0, colon), pair->substr(colon + 1)};
}

std::string basic_challenge(string_view realm) { return fmt::format("Basic realm=\"{}\"", realm); }

UserVerdict check_user(string_view file_text, const Credentials& credentials) {
  while (!file_text.empty()) {
    const std::size_t end = std::min(file_text.find('\n'), file_text.size());
    string_view line = file_text.substr(0, end);
    file_text.remove_prefix(std::min(end + 1, file_text.size()));
    if (line.starts_with('#') || !line.starts_with(credentials.user)) continue;
    line.remove_prefix(credentials.user.size());
    if (!line.starts_with(':')) continue;
    line.remove_prefix(1);
    const bool right = is_password(line.substr(0, line.find_first_of(":\r")), credentials.password);
    return right ? UserVerdict::kRight : UserVerdict::kWrongPassword;
  }
  return UserVerdict::kUnknown;
}

UserVerdict check_user_file(const std::string& path, const Credentials& credentials) {
  const os::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return is_missing(errno) ? UserVerdict::kNoFile : UserVerdict::kUnreadable;
  std::string text;
  for (char piece[4096];;) {
    const ::ssize_t bytes = ::read(file.get(), piece, sizeof piece);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return UserVerdict::kUnreadable;
    if (bytes == 0) break;
    text.append(piece, static_cast<std::size_t>(bytes));
  }
  return check_user(text, credentials);
}

}  // namespace tierce::nginx
