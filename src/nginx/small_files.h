// Contents of small files that are asked for again and again, so that one stat() takes the place of open(), fstat(),
// pread() and close(). Nothing old is ever served: what is kept counts only while the path leads to the same file with
// the same size and times, and only files that have been left alone for a while are kept, so that no change hides
// behind a clock's tick. A file that somebody writes through a shared mapping is seen when the kernel writes it back.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tierce::nginx {

struct SmallFile {
  struct stat info {};
  std::string bytes;
};

class SmallFiles {
 public:
  static constexpr std::size_t kFileBytesMax = 16384;
  static constexpr std::size_t kBytesMax = 4u << 20u;
  static constexpr std::size_t kPathsMax = 4096;

  // The file that the path leads to now; nullptr: it has to be opened.
  std::shared_ptr<const SmallFile> find(const std::string& path);
  // It was opened: keeps it when it was asked for before and nothing speaks against it. `wall` in seconds.
  void learn(const std::string& path, int file, const struct stat& info, std::time_t wall);

  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::shared_ptr<const SmallFile> file;  // nullptr: asked for once so far.
  };
  void forget_all();

  std::unordered_map<std::string, Entry> entries_;
  std::size_t bytes_ = 0;
};

}  // namespace tierce::nginx
