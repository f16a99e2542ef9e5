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
#include <vector>

namespace tierce::nginx {

struct SmallFile {
  struct stat info {};
  std::string bytes;
  // What a client gets that likes it packed: by what, how well, and the result.
  struct Packed {
    std::string coding;
    int level;
    std::string bytes;
  };
  std::vector<Packed> packed;
  bool kept = true;  // By SmallFiles; others are only being sent to their end.
};

class SmallFiles {
 public:
  static constexpr std::size_t kFileBytesMax = 65536;
  static constexpr std::size_t kBytesMax = 4u << 20u;
  static constexpr std::size_t kPathsMax = 4096;
  static constexpr std::size_t kPackedMax = 4;  // Codings and levels of one file.

  // The file that the path leads to now; nullptr: it has to be opened.
  std::shared_ptr<SmallFile> find(const std::string& path);
  // It was opened: keeps it when it was asked for before and nothing speaks against it. `wall` in seconds.
  void learn(const std::string& path, int file, const struct stat& info, std::time_t wall);

  // What the file is when packed so; nullptr: nobody has kept it.
  static const std::string* packed(const SmallFile& file, std::string_view coding, int level);
  void keep_packed(SmallFile& file, std::string_view coding, int level, std::string_view bytes);

  std::size_t bytes() const { return bytes_; }

 private:
  void forget_all();

  // nullptr: asked for once so far.
  std::unordered_map<std::string, std::shared_ptr<SmallFile>> entries_;
  std::size_t bytes_ = 0;
};

}  // namespace tierce::nginx
