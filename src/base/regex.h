// A regular expression of a configuration file, compiled once (PCRE2, the syntax of nginx and uWSGI). May be used
// by one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tierce {

class Regex {
 public:
  // Errors say at which character.
  static Result<Regex> compile(std::string_view pattern);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Searches `subject`. An expression that gives up (PCRE2's own limits against explosion) does not match.
  bool matches(std::string_view subject) const;
  // After a match: group 0 is all of it; "" for a group that took no part. A view into the subject.
  std::string_view group(std::string_view subject, std::size_t index) const;
  std::size_t groups() const;

 private:
  struct Compiled;
  explicit Regex(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace tierce
