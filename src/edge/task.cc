#include "edge/task.h"

#include <array>
#include <new>
#include <vector>

namespace tierce::edge {
namespace {

// Sizes in steps of kStep, each with a list of its own: a frame that waits for years holds no more than it needs.
constexpr std::size_t kStep = 32;
constexpr std::size_t kClasses = 48;
// GCC has a macro for it, clang a feature.
#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
constexpr bool kAddressSanitizer = true;
#else
constexpr bool kAddressSanitizer = false;
#endif
// Of each size. AddressSanitizer could not see who still uses a frame that was given back and kept.
constexpr std::size_t kFramesKept = kAddressSanitizer ? 0 : 256;

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

bool keeps_frames() { return kFramesKept > 0; }

}  // namespace tierce::edge
