// A regular expression of a configuration file, compiled once (PCRE2, the syntax of nginx and uWSGI). May be used
// by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tierce {

class Regex {
 public:
  // Errors say at which character.
  static Result<Regex> compile(std::string_view pattern);
  enum class Case : std::uint8_t { kMatters, kIgnored };
  // What PCRE2 says, and behind how many bytes of the pattern.
  struct Complaint {
    std::string reason;
    std::size_t at = 0;
  };
  static Result<Regex, Complaint> compile(std::string_view pattern, Case letters);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Searches `subject`. An expression that gives up (PCRE2's own limits against explosion) does not match; gave_up()
  // is for those to whom that would open a door.
  bool matches(std::string_view subject) const;
  // Whether an expression has given up in this thread since this was asked last.
  static bool gave_up();
  // After a match: group 0 is all of it; "" for a group that took no part. A view into the subject.
  std::string_view group(std::string_view subject, std::size_t index) const;
  std::size_t groups() const;
  // How many groups the expression has, without the whole.
  std::size_t captures() const;
  // (?<name>...) and the number of its group.
  std::vector<std::pair<std::string, std::size_t>> names() const;

 private:
  struct Compiled;
  explicit Regex(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace tierce
