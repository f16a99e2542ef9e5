// The kinds of values that keys of supervisord have, from their text. Errors are worded as supervisord's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tierce::config::supervisord {

Result<bool> parse_boolean(std::string_view text);
Result<long> parse_integer(std::string_view text);
// "50MB", "10KB", "1GB" or a number of bytes.
Result<std::uint64_t> parse_byte_size(std::string_view text);
Result<long> parse_octal(std::string_view text);
// "TERM", "SIGTERM", "15".
Result<int> parse_signal(std::string_view text);
// "SIGTERM"; "signal 99" for one without a name.
std::string signal_name(int number);
Result<std::vector<int>> parse_exit_codes(std::string_view text);
// Parted by commas; blanks around are dropped, and so are empty ones.
std::vector<std::string> parse_list(std::string_view text);
// No blank, ':' or '/'.
Result<std::string> parse_name(std::string_view text);
std::string trimmed(std::string_view text);
std::string lower(std::string_view text);
// "~/x" with the home directory, relative ones made absolute, "." and ".." resolved.
std::string normal_path(std::string_view path);

}  // namespace tierce::config::supervisord
