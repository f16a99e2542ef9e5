// The coroutine a connection is: starts at once, belongs to nobody, frees itself when it returns. Frames
// come from a free list of the thread, so that accepting a connection does not go to the heap.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>

namespace tierce::edge {

void* allocate_frame(std::size_t bytes);
void free_frame(void* frame, std::size_t bytes) noexcept;
// Whether frames that were given back are used again.
bool keeps_frames();

// For objects that come and go with every request, as frames do.
struct FromFreeList {
  static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept { free_frame(memory, bytes); }
};

class Task {
 public:
  struct promise_type {
    Task get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    // Nothing in a connection throws but memory exhaustion, and then the process is of no more use.
    void unhandled_exception() noexcept { std::terminate(); }
    static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept { free_frame(frame, bytes); }
  };
};

}  // namespace tierce::edge
