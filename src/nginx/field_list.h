// Header fields of one response in their order, in one piece of memory that is kept for the next one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/field_rules.h"
#include "nginx/one_line.h"

namespace tierce::nginx {

class FieldList {
 public:
  void clear() {
    text_.clear();
    fields_.clear();
  }
  // What has been removed counts, with an empty name: skip it.
  std::size_t size() const { return fields_.size(); }
  std::string_view name(std::size_t i) const { return {text_.data() + fields_[i].at, fields_[i].name_bytes}; }
  std::string_view value(std::size_t i) const {
    return {text_.data() + fields_[i].at + fields_[i].name_bytes, fields_[i].value_bytes};
  }
  void add(std::string_view name, std::string_view value) {
    if (!is_one_line(value)) [[unlikely]]
      return add(name, one_line(value));
    fields_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()),
                       static_cast<std::uint32_t>(value.size())});
    text_.append(name).append(value);
  }
  void set(std::string_view name, std::string_view lower, std::string_view value) {
    remove(lower);
    add(name, value);
  }
  void remove_at(std::size_t i) { fields_[i].name_bytes = fields_[i].value_bytes = 0; }
  void remove(std::string_view lower) {
    for (std::size_t i = 0; i < size(); ++i) {
      if (is(i, lower)) remove_at(i);
    }
  }
  bool is(std::size_t i, std::string_view lower) const {
    return name(i).size() == lower.size() && http::equals_ignoring_case(name(i), lower);
  }
  // kNotFound: none from `from` on.
  std::size_t find(std::string_view lower, std::size_t from = 0) const {
    for (std::size_t i = from; i < size(); ++i) {
      if (is(i, lower)) return i;
    }
    return kNotFound;
  }
  std::string_view get(std::string_view lower) const {
    const std::size_t i = find(lower);
    return i == kNotFound ? std::string_view() : value(i);
  }
  static constexpr std::size_t kNotFound = static_cast<std::size_t>(-1);

 private:
  struct Field {
    std::uint32_t at, name_bytes, value_bytes;
  };
  std::string text_;
  std::vector<Field> fields_;
};

}  // namespace tierce::nginx
