// A coroutine that another one waits for: `co_await read_body(request)`. It starts when it is awaited, belongs to the
// expression that awaits it, and goes on with its caller when it ends. For one that nobody awaits: edge/task.h.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "edge/task.h"

namespace tierce::nginx {

template <typename T>
class [[nodiscard]] Async;

namespace detail {

struct AsyncPromise {
  std::coroutine_handle<> caller;
  std::suspend_always initial_suspend() noexcept { return {}; }
  struct BackToCaller {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      return done.promise().caller;
    }
    void await_resume() const noexcept {}
  };
  BackToCaller final_suspend() noexcept { return {}; }
  // Nothing throws but the end of memory, and then the process is of no more use.
  void unhandled_exception() noexcept { std::terminate(); }
  static void* operator new(std::size_t bytes) { return edge::allocate_frame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept { edge::free_frame(frame, bytes); }
};

template <typename T>
struct ValuePromise : AsyncPromise {
  std::optional<T> value;
  Async<T> get_return_object() noexcept;
  void return_value(T given) { value = std::move(given); }
};

template <>
struct ValuePromise<void> : AsyncPromise {
  Async<void> get_return_object() noexcept;
  void return_void() noexcept {}
};

}  // namespace detail

template <typename T>
class [[nodiscard]] Async {
 public:
  using promise_type = detail::ValuePromise<T>;

  explicit Async(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  Async(Async&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Async& operator=(Async&&) = delete;
  ~Async() {
    if (frame_) frame_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    frame_.promise().caller = caller;
    return frame_;
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*frame_.promise().value);
  }

 private:
  std::coroutine_handle<promise_type> frame_;
};

namespace detail {
template <typename T>
Async<T> ValuePromise<T>::get_return_object() noexcept {
  return Async<T>(std::coroutine_handle<ValuePromise<T>>::from_promise(*this));
}
inline Async<void> ValuePromise<void>::get_return_object() noexcept {
  return Async<void>(std::coroutine_handle<ValuePromise<void>>::from_promise(*this));
}
}  // namespace detail

}  // namespace tierce::nginx
