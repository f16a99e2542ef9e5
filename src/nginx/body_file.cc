#include "nginx/body_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace tierce::nginx {

os::UniqueFd BodyFile::make(const std::string& directory, const conf::Words& digits, conf::InFile how) {
  static std::atomic<std::uint32_t> numbers{0};
  constexpr int kTries = 1000;  // Files of another life keep their names.
  ::mkdir(directory.c_str(), 0700);
  for (int i = 0; i < kTries; ++i) {
    const std::string name = fmt::format("{:010}", ++numbers);
    std::string path = directory;
    std::size_t end = name.size();
    for (const std::string& count : digits) {
      const auto wanted = static_cast<std::size_t>(std::strtoul(count.c_str(), nullptr, 10));
      if (wanted == 0 || wanted > 3 || wanted > end) continue;
      end -= wanted;
      path.append("/").append(name, end, wanted);
      ::mkdir(path.c_str(), 0700);
    }
    path.append("/").append(name);
    os::UniqueFd file(::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
    if (!file && errno == EEXIST) continue;
    if (!file) return file;
    path_ = std::move(path);
    goes_with_request_ = how == conf::InFile::kClean;
    return file;
  }
  return {};
}

void BodyFile::forget() {
  if (goes_with_request_) ::unlink(path_.c_str());
  path_.clear();
  goes_with_request_ = false;
}

}  // namespace tierce::nginx
