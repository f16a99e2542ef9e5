// One section, with its values expanded and typed, and the table's defaults where a key is not given. The first
// error is kept, with its file and line, and the values behind it are defaults: whoever reads looks once, at the end.
#pragma once

#include <optional>
#include <string>

#include "config/supervisord/expansion.h"
#include "config/supervisord/ini_text.h"
#include "config/supervisord/keys.h"
#include "config/supervisord/values.h"

namespace tierce::config::supervisord {

class SectionView {
 public:
  SectionView(const IniSection& section, SectionKind kind, const Expansions& known)
      : section_(section), kind_(kind), known_(known) {}

  bool has(std::string_view key) const { return section_.find(key) != nullptr; }
  // As it stands in the file.
  std::string raw(std::string_view key) const;
  std::string text(std::string_view key);
  // text(), through one of the parsers of values.h.
  template <typename T>
  T as(std::string_view key, Result<T> (*parse)(std::string_view)) {
    const std::string value = text(key);
    if (error_) return T{};
    auto parsed = parse(value);
    if (parsed) return std::move(*parsed);
    wrong(key, parsed.error().text());
    return T{};
  }
  bool boolean(std::string_view key) { return as(key, &parse_boolean); }
  long integer(std::string_view key) { return as(key, &parse_integer); }
  std::uint64_t size(std::string_view key) { return as(key, &parse_byte_size); }
  // Says that the value of `key` is wrong.
  void wrong(std::string_view key, const std::string& why);

  const IniSection& section() const { return section_; }
  const Expansions& known() const { return known_; }
  const std::optional<Error>& error() const { return error_; }

 private:
  const IniSection& section_;
  SectionKind kind_;
  const Expansions& known_;
  std::optional<Error> error_;
};

}  // namespace tierce::config::supervisord
