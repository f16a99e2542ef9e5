#include "edge/task.h"

#include <array>
#include <new>
#include <vector>

namespace tierce::edge {
namespace {

// Sizes in steps of kStep, each with a list of its own: a frame that waits for years holds no more than it needs.
constexpr std::size_t kStep = 32;
constexpr std::size_t kClasses = 48;
// Of each size. Under AddressSanitizer none, which could not see who still uses a frame that has been given back.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kFramesKept = 0;
#else
constexpr std::size_t kFramesKept = 256;
#endif

struct FreeLists {
  std::array<std::vector<void*>, kClasses> frames;
  ~FreeLists() {
    for (const auto& list : frames) {
      for (void* frame : list) ::operator delete(frame);
    }
  }
};
thread_local FreeLists free_lists;

std::size_t class_of(std::size_t bytes) { return (bytes - 1) / kStep; }

}  // namespace

void* allocate_frame(std::size_t bytes) {
  const std::size_t number = class_of(bytes);
  if (number >= kClasses) return ::operator new(bytes);
  std::vector<void*>& list = free_lists.frames[number];
  if (list.empty()) return ::operator new((number + 1) * kStep);
  void* frame = list.back();
  list.pop_back();
  return frame;
}

void free_frame(void* frame, std::size_t bytes) noexcept {
  const std::size_t number = class_of(bytes);
  if (number >= kClasses || free_lists.frames[number].size() >= kFramesKept) return ::operator delete(frame);
  free_lists.frames[number].push_back(frame);
}

}  // namespace tierce::edge
