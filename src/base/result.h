// Result<T, E>: a value or the reason there is none. The surface is that of std::expected, so that a
// later standard can replace it by an alias. Error carries a chain of what was being tried.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tierce {

// What went wrong, for a person: "opening listener 'shop': bind 0.0.0.0:80: permission denied".
class Error {
 public:
  explicit Error(std::string text) : text_(std::move(text)) {}
  // Adds what the caller was trying to do, outermost first.
  Error during(std::string_view what) && {
    text_.insert(0, ": ");
    text_.insert(0, what);
    return std::move(*this);
  }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

// The last system error as an Error: "bind 0.0.0.0:80: Permission denied".
Error errno_error(std::string_view what);
Error errno_error(std::string_view what, int error_number);

template <typename E>
struct Failure {
  E error;
};

template <typename E>
Failure<std::decay_t<E>> fail(E&& error) {
  return {std::forward<E>(error)};
}
inline Failure<Error> fail(const char* text) { return {Error(text)}; }

template <typename T, typename E = Error>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Result(Failure<E> failure) : state_(std::in_place_index<1>, std::move(failure.error)) {}  // NOLINT

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  T& value() & { return must_hold(), *std::get_if<0>(&state_); }
  const T& value() const& { return must_hold(), *std::get_if<0>(&state_); }
  T&& value() && { return must_hold(), std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  E& error() & { return *std::get_if<1>(&state_); }
  const E& error() const& { return *std::get_if<1>(&state_); }
  E&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  void must_hold() const {
    if (!has_value()) std::abort();
  }
  std::variant<T, E> state_;
};

template <typename E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  Result(Failure<E> failure) : error_(std::move(failure.error)) {}  // NOLINT: implicit by design
  bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  E& error() & { return *error_; }
  const E& error() const& { return *error_; }
  E&& error() && { return std::move(*error_); }

 private:
  std::optional<E> error_;
};

}  // namespace tierce
