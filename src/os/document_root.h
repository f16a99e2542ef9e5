// A directory whose files are served, or one file: opens what lies below it and nothing else, whatever symbolic
// links say and whoever moves things meanwhile.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "os/unique_fd.h"

namespace tierce::os {

struct OpenFile {
  UniqueFd fd;
  bool is_directory = false;  // Else a regular file.
  std::uint64_t bytes = 0;
  std::time_t modified = 0;
};

class DocumentRoot {
 public:
  // Symbolic links that lead out of `path` may lead below one of `safe`. What is not there yet may come.
  DocumentRoot(std::string path, std::vector<std::string> safe);

  // `relative` has no ".." and no slash in front (http/static_path.h); "" is the root itself. None: not there,
  // neither file nor directory, not ours to read, or outside.
  std::optional<OpenFile> open(const std::string& relative, std::uint64_t now_ns);
  // The root without symbolic links; "" as long as it is not there.
  const std::string& real_path() const { return real_path_; }
  // The root is a file: open() gives it for every path.
  bool is_file() const { return is_file_; }

 private:
  void find(std::uint64_t now_ns);
  UniqueFd open_checked(const std::string& relative) const;

  std::string path_;
  std::vector<std::string> safe_;
  std::string real_path_;
  UniqueFd directory_;
  bool is_file_ = false;
  std::uint64_t look_again_ns_ = 0;
};

// The path of an open file as the kernel knows it; "" when it does not.
std::string path_of(int fd);
// Whether `path` is `directory` or lies below it: "/srv/ab" is not below "/srv/a".
bool lies_below(std::string_view path, std::string_view directory);

}  // namespace tierce::os
