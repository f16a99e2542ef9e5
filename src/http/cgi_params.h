// Names and values for a server that speaks uwsgi, SCGI or FastCGI, in their order. One piece of memory, which is kept
// for the next request: no allocation of its own for each of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_head.h"

namespace tierce::http {

class CgiParams {
 public:
  void clear() {
    text_.clear();
    params_.clear();
  }
  std::size_t size() const { return params_.size(); }
  // Valid until something is added.
  std::string_view name(std::size_t i) const { return {text_.data() + params_[i].name_at, params_[i].name_bytes}; }
  std::string_view value(std::size_t i) const { return {text_.data() + params_[i].value_at, params_[i].value_bytes}; }

  // Where they stand in text().
  Span name_span(std::size_t i) const { return {params_[i].name_at, params_[i].name_bytes}; }
  Span value_span(std::size_t i) const { return {params_[i].value_at, params_[i].value_bytes}; }
  const std::string& text() const { return text_; }
  // Of the packet of the uwsgi protocol that holds them, without its first four bytes.
  std::size_t uwsgi_bytes() const {
    std::size_t bytes = 0;
    for (const Param& each : params_) bytes += 4 + each.name_bytes + each.value_bytes;
    return bytes;
  }

  // The name of the next one goes to the end of text(), then its value: begin(), name, begin_value(), value, end().
  std::string& text() { return text_; }
  void begin() { open_.name_at = here(); }
  void begin_value() { open_.value_at = here(); }
  // The name that was written since begin(), before the value is.
  std::string_view open_name() const { return std::string_view(text_).substr(open_.name_at); }
  void end() {
    open_.name_bytes = open_.value_at - open_.name_at;
    open_.value_bytes = here() - open_.value_at;
    params_.push_back(open_);
  }
  // ... or it is none after all.
  void drop() { text_.resize(open_.name_at); }

  void add(std::string_view name, std::string_view value) {
    begin();
    text_.append(name);
    begin_value();
    text_.append(value);
    end();
  }
  // More of the value of one that stands there.
  void extend(std::size_t i, std::string_view separator, std::string_view more) {
    const std::string old(value(i));
    params_[i].value_at = here();
    text_.append(old).append(separator).append(more);
    params_[i].value_bytes = here() - params_[i].value_at;
  }
  // All of this name have no value any more.
  void empty(std::string_view of) {
    for (Param& each : params_) {
      if (std::string_view(text_).substr(each.name_at, each.name_bytes) == of) each.value_bytes = 0;
    }
  }
  void remove(std::size_t i) { params_.erase(params_.begin() + static_cast<std::ptrdiff_t>(i)); }

 private:
  struct Param {
    std::uint32_t name_at = 0, name_bytes = 0, value_at = 0, value_bytes = 0;
  };
  std::uint32_t here() const { return static_cast<std::uint32_t>(text_.size()); }

  std::string text_;
  std::vector<Param> params_;
  Param open_;
};

}  // namespace tierce::http
