#include "os/shared_words.h"

#include <sys/mman.h>

namespace tierce::os {

using Word = std::atomic<std::uint32_t>;

Result<SharedWords> SharedWords::create(std::size_t count) {
  void* base = ::mmap(nullptr, count * sizeof(Word), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return fail(errno_error("mapping shared memory"));
  SharedWords made;
  made.words_ = static_cast<Word*>(base);
  made.count_ = count;
  return made;
}

SharedWords::~SharedWords() {
  if (words_ != nullptr) ::munmap(words_, count_ * sizeof(Word));
}

}  // namespace tierce::os
