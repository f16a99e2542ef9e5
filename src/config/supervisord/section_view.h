// One section, with its values expanded and typed, and the table's defaults where a key is not given. The first
// error is kept, with its file and line, and the values behind it are defaults: whoever reads looks once, at the end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/supervisord/expansion.h"
#include "config/supervisord/ini_text.h"
#include "config/supervisord/keys.h"
#include "config/supervisord/values.h"

namespace tierce::config::supervisord {

// Unless it is there: each process of a program says the same.
void add_once(std::vector<Error>& errors, const Error& error);

class SectionView {
 public:
  // `every`: where all errors go beside.
  SectionView(const IniSection& section, SectionKind kind, const Expansions& known, std::vector<Error>* every = nullptr)
      : section_(section), kind_(kind), known_(known), every_(every) {}

  bool has(std::string_view key) const { return section_.find(key) != nullptr; }
  // As it stands in the file.
  std::string raw(std::string_view key) const;
  std::string text(std::string_view key);
  // text(), through one of the parsers of values.h.
  template <typename T>
  T as(std::string_view key, Result<T> (*parse)(std::string_view)) {
    const std::string value = text(key);
    if (wrong_key_ == key) return T{};
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
  std::string wrong_key_;  // The last one that was refused: it is not refused again.
  std::vector<Error>* every_;
};

}  // namespace tierce::config::supervisord
