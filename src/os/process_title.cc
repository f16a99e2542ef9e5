#include "os/process_title.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>

namespace tierce::os {
namespace {

struct Area {
  char* begin = nullptr;
  char* arguments_end = nullptr;
  char* end = nullptr;  // Of the environment behind them.
};

// Fields 48 to 51 of /proc/self/stat; the second one may hold anything, and ends with the last ')'.
Area find_area() {
  std::FILE* file = std::fopen("/proc/self/stat", "re");
  if (file == nullptr) return {};
  char text[4096];
  const std::size_t got = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  text[got] = '\0';
  const char* at = std::strrchr(text, ')');
  constexpr int kBeforeArguments = 46;  // Blanks from there to field 48.
  for (int i = 0; at != nullptr && i < kBeforeArguments; ++i) at = std::strchr(at + 1, ' ');
  unsigned long long begin = 0, arguments_end = 0, environment = 0, end = 0;
  if (at == nullptr || std::sscanf(at, " %llu %llu %llu %llu", &begin, &arguments_end, &environment, &end) != 4)
    return {};
  if (begin == 0 || arguments_end <= begin) return {};
  const auto pointer = [](unsigned long long address) {
    return reinterpret_cast<char*>(static_cast<std::uintptr_t>(address));  // NOLINT: the kernel's own number.
  };
  return {pointer(begin), pointer(arguments_end), pointer(environment == arguments_end ? end : arguments_end)};
}

// What others may still point to stays readable: copies are never freed.
void move_environment_away(const Area& area) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (*entry >= area.begin && *entry < area.end) *entry = ::strdup(*entry);
  }
}

std::vector<std::string>& given_command_line() {
  static std::vector<std::string> words;
  return words;
}

}  // namespace

std::vector<std::string> command_line() {
  if (!given_command_line().empty()) return given_command_line();
  std::vector<std::string> words;
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

void set_command_line(std::vector<std::string> words) { given_command_line() = std::move(words); }

void set_process_title(std::string_view title) {
  static const Area area = find_area();
  if (area.begin == nullptr) return;
  const auto arguments = static_cast<std::size_t>(area.arguments_end - area.begin);
  auto room = arguments;
  static bool environment_moved = false;
  if (title.size() >= arguments && area.end > area.arguments_end) {
    if (!environment_moved) move_environment_away(area);
    environment_moved = true;
  }
  if (environment_moved) room = static_cast<std::size_t>(area.end - area.begin);
  const std::size_t length = std::min(title.size(), room - 1);
  const std::string kept(title.substr(0, length));
  std::memcpy(area.begin, kept.data(), length);
  // An end of the arguments that is no NUL tells the kernel to read on.
  std::memset(area.begin + length, 0, room - length);
}

}  // namespace tierce::os
