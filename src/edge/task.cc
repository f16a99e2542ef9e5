#include "edge/task.h"

#include <new>
#include <vector>

namespace tierce::edge {
namespace {

constexpr std::size_t kFrameBytes = 1024;
constexpr std::size_t kFramesKept = 1024;

struct FreeList {
  std::vector<void*> frames;
  ~FreeList() {
    for (void* frame : frames) ::operator delete(frame);
  }
};
thread_local FreeList free_list;

}  // namespace

void* allocate_frame(std::size_t bytes) {
  if (bytes > kFrameBytes) return ::operator new(bytes);
  if (free_list.frames.empty()) return ::operator new(kFrameBytes);
  void* frame = free_list.frames.back();
  free_list.frames.pop_back();
  return frame;
}

void free_frame(void* frame, std::size_t bytes) noexcept {
  if (bytes > kFrameBytes || free_list.frames.size() >= kFramesKept) return ::operator delete(frame);
  free_list.frames.push_back(frame);
}

}  // namespace tierce::edge
