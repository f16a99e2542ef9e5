#include "config/supervisord/values.h"

#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <filesystem>

namespace tierce::config::supervisord {
namespace {

struct SignalRow {
  std::string_view name;
  int number;
};
constexpr SignalRow kSignals[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},   {"QUIT", SIGQUIT},   {"ILL", SIGILL},   {"TRAP", SIGTRAP},
    {"ABRT", SIGABRT},     {"BUS", SIGBUS},   {"FPE", SIGFPE},     {"KILL", SIGKILL}, {"USR1", SIGUSR1},
    {"SEGV", SIGSEGV},     {"USR2", SIGUSR2}, {"PIPE", SIGPIPE},   {"ALRM", SIGALRM}, {"TERM", SIGTERM},
    {"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD}, {"CONT", SIGCONT},   {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU}, {"URG", SIGURG},     {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
    {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"PWR", SIGPWR},
    {"SYS", SIGSYS},       {"POLL", SIGPOLL}, {"IOT", SIGIOT},     {"CLD", SIGCHLD},
};

constexpr std::string_view kBlanks = " \t\r\n\v\f";

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

}  // namespace

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1));
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

Result<bool> parse_boolean(std::string_view text) {
  const std::string word = lower(text);
  for (const std::string_view yes : {"yes", "true", "on", "1"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"no", "false", "off", "0"}) {
    if (word == no) return false;
  }
  return fail(Error(fmt::format("not a valid boolean value: '{}'", text)));
}

Result<long> parse_integer(std::string_view text) {
  const std::string word = trimmed(text);
  long number = 0;
  const char* begin = word.data() + (word.starts_with('+') ? 1 : 0);
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (word.empty() || stop != end || error != std::errc() || number > INT_MAX || number < INT_MIN)
    return fail(Error(fmt::format("invalid literal for int() with base 10: '{}'", text)));
  return number;
}

Result<std::uint64_t> parse_byte_size(std::string_view text) {
  std::string word = lower(trimmed(text));
  std::uint64_t unit = 1;
  if (word.ends_with("kb")) unit = 1024;
  if (word.ends_with("mb")) unit = 1ull << 20;
  if (word.ends_with("gb")) unit = 1ull << 30;
  if (unit != 1) word.resize(word.size() - 2);
  auto number = parse_integer(word);
  if (!number || *number < 0) return fail(Error(fmt::format("invalid size: '{}' (a number, then KB, MB or GB)", text)));
  return static_cast<std::uint64_t>(*number) * unit;
}

Result<long> parse_octal(std::string_view text) {
  const std::string word = trimmed(text);
  std::string_view digits = word;
  if (digits.starts_with("0o")) digits.remove_prefix(2);
  long number = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 8);
  if (digits.empty() || stop != digits.data() + digits.size() || error != std::errc() || number < 0 || number > 07777)
    return fail(Error(fmt::format("{} can not be converted to an octal type", text)));
  return number;
}

Result<int> parse_signal(std::string_view text) {
  const std::string word = upper(trimmed(text));
  if (auto number = parse_integer(word)) {
    if (*number > 0 && *number < NSIG) return static_cast<int>(*number);
    return fail(Error(fmt::format("value '{}' is not a valid signal number", text)));
  }
  std::string_view name = word;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  for (const SignalRow& row : kSignals) {
    if (row.name == name) return row.number;
  }
  return fail(Error(fmt::format("value '{}' is not a valid signal name", text)));
}

std::string signal_name(int number) {
  for (const SignalRow& row : kSignals) {
    if (row.number == number) return fmt::format("SIG{}", row.name);
  }
  return fmt::format("signal {}", number);
}

Result<std::vector<int>> parse_exit_codes(std::string_view text) {
  std::vector<int> codes;
  for (const std::string& word : parse_list(text)) {
    auto number = parse_integer(word);
    if (!number || *number < 0 || *number > 255)
      return fail(Error(fmt::format("not a valid list of exit codes: '{}'", text)));
    codes.push_back(static_cast<int>(*number));
  }
  return codes;
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string word = trimmed(text.substr(0, comma));
    if (!word.empty()) list.push_back(std::move(word));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return list;
}

Result<std::string> parse_name(std::string_view text) {
  std::string name = trimmed(text);
  for (const char c : std::string_view(" :/")) {
    if (name.find(c) != std::string::npos)
      return fail(Error(fmt::format("Invalid name: '{}' because of character: '{}'", text, c)));
  }
  return name;
}

std::string normal_path(std::string_view path) {
  std::string text(path);
  if (text == "~" || text.starts_with("~/")) {
    const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): read before any thread starts
    if (home == nullptr) {
      const passwd* entry = ::getpwuid(::getuid());
      if (entry != nullptr) home = entry->pw_dir;
    }
    if (home != nullptr) text.replace(0, 1, home);
  }
  std::error_code ignored;
  std::string normal = std::filesystem::absolute(text, ignored).lexically_normal().string();
  if (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
  return normal;
}

}  // namespace tierce::config::supervisord
