#include "config/uwsgi/surroundings.h"

#include <fmt/format.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <thread>

#include "os/file_text.h"

namespace tierce::config::uwsgi {
namespace {

class ThisMachine final : public Surroundings {
 public:
  std::vector<std::pair<std::string, std::string>> environment() const override {
    std::vector<std::pair<std::string, std::string>> all;
    for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
      const char* equals = std::strchr(*entry, '=');
      if (equals != nullptr)
        all.emplace_back(std::string(*entry, static_cast<std::size_t>(equals - *entry)), equals + 1);
    }
    return all;
  }

  Result<std::string> read_file(const std::string& path) const override {
    if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
    auto text = os::read_file(path);
    if (!text) return fail(errno_error(fmt::format("open {}", path), text.error()));
    return std::move(*text);
  }

  Kind kind_of(const std::string& path) const override {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return Kind::kNothing;
    if (S_ISREG(found.st_mode)) return Kind::kFile;
    return S_ISDIR(found.st_mode) ? Kind::kDirectory : Kind::kOther;
  }

  std::vector<std::string> glob(const std::string& pattern) const override {
    glob_t found{};
    std::vector<std::string> paths;
    if (::glob(pattern.c_str(), GLOB_MARK | GLOB_NOCHECK, nullptr, &found) == 0) {
      paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    }
    ::globfree(&found);
    return paths;
  }

  std::string absolute(const std::string& path) const override {
    std::error_code error;
    const auto real = std::filesystem::canonical(path, error);
    return error ? path : real.string();
  }

  std::uint64_t inode(const std::string& path) const override {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 ? found.st_ino : 0;
  }

  Machine machine() const override {
    using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::system_clock;
    Machine m;
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) == 0) m.hostname = name;
    std::error_code error;
    m.working_directory = std::filesystem::current_path(error).string();
    m.program = std::filesystem::read_symlink("/proc/self/exe", error).string();
    m.uid = ::getuid();
    m.gid = ::getgid();
    if (const passwd* entry = ::getpwuid(m.uid)) m.user = entry->pw_name;
    if (const ::group* entry = ::getgrgid(m.gid)) m.group = entry->gr_name;
    m.cpus = std::max(1u, std::thread::hardware_concurrency());
    m.microseconds =
        static_cast<std::uint64_t>(duration_cast<microseconds>(system_clock::now().time_since_epoch()).count());
    return m;
  }
};

}  // namespace

std::optional<std::string> Surroundings::environment(std::string_view name) const {
  for (auto& [key, value] : environment()) {
    if (key == name) return value;
  }
  return std::nullopt;
}

const Surroundings& this_machine() {
  static const ThisMachine machine;
  return machine;
}

}  // namespace tierce::config::uwsgi
