// Arguments of options as the values they stand for, with what is to be said about them; and rows of the table.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "config/uwsgi/apply.h"
#include "config/uwsgi/option.h"

namespace tierce::config::uwsgi {

using Done = Result<void>;

inline constexpr std::uint64_t kMany = 1u << 30;

std::string_view text_of(const Assignment& line);
// uWSGI reads the digits at the start and forgets the rest; so do we, and say it. Within [least, most].
std::uint64_t number(Applying& a, const Assignment& line, std::uint64_t least, std::uint64_t most);
std::uint32_t small_number(Applying& a, const Assignment& line, std::uint32_t least, std::uint32_t most);
std::chrono::milliseconds seconds(Applying& a, const Assignment& line);
// The octal mode of a file: 664.
Result<int> file_mode(const Assignment& line);
bool flag(Applying& a, const Assignment& line);

constexpr Option honoured(std::string_view name, Argument argument, Apply apply, std::string_view help,
                          char letter = 0) {
  return {
      .name = name, .argument = argument, .answer = Answer::kHonoured, .note = help, .apply = apply, .letter = letter};
}
constexpr Option also(std::string_view name, std::string_view of) {
  return {.name = name, .answer = Answer::kHonoured, .alias_of = of};
}

}  // namespace tierce::config::uwsgi
