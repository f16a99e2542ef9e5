#include "os/cgroup.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace tierce::os {
namespace {

constexpr std::string_view kPrefix = "tierce-";

std::string contents_of(const std::string& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

bool write_text(const std::string& path, const std::string& text) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

void kill_processes(const std::string& path) {
  if (write_text(path + "/cgroup.kill", "1")) return;
  std::istringstream pids(contents_of(path + "/cgroup.procs"));
  for (pid_t pid = 0; pids >> pid;) ::kill(pid, SIGKILL);
}

void remove_leftovers(const std::string& home) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(home, ignored)) {
    const std::string name = entry.path().filename().string();
    pid_t owner = 0;
    if (!name.starts_with(kPrefix)) continue;
    std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), owner);
    if (owner <= 0 || ::kill(owner, 0) == 0 || errno != ESRCH) continue;
    kill_processes(entry.path());
    ::rmdir(entry.path().c_str());
  }
}

// A group with processes in it cannot hand controllers down: we go into one of our own.
bool hand_down_memory(const std::string& home) {
  const std::string switches = home + "/cgroup.subtree_control";
  if (write_text(switches, "+memory")) return true;
  const std::string own = home + "/" + cgroup_name(::getpid(), "supervisor");
  if (::mkdir(own.c_str(), 0755) != 0) return false;
  if (write_text(own + "/cgroup.procs", "0") && write_text(switches, "+memory")) return true;
  write_text(home + "/cgroup.procs", "0");
  ::rmdir(own.c_str());
  return false;
}

}  // namespace

std::string cgroup_name(pid_t pid, const std::string& name) {
  std::string out = std::string(kPrefix) + std::to_string(pid) + "-" + name;
  for (char& c : out) {
    if (c == '/' || c == '\n') c = '_';
  }
  return out;
}

std::string cgroup_home_in(const std::string& mountinfo, const std::string& own) {
  std::string path;
  std::istringstream lines(own);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("0::")) path = line.substr(3);
  }
  if (path.empty()) return {};
  std::istringstream mounts(mountinfo);
  for (std::string line; std::getline(mounts, line);) {
    const std::size_t dash = line.find(" - cgroup2 ");
    if (dash == std::string::npos) continue;
    std::istringstream words(line);
    std::string id, parent, device, root, point;
    words >> id >> parent >> device >> root >> point;
    if (root != "/" && path.starts_with(root)) path.erase(0, root.size());
    while (path.ends_with('/')) path.pop_back();
    return point + path;
  }
  return {};
}

std::string find_cgroup_home(bool memory) {
  std::string home = cgroup_home_in(contents_of("/proc/self/mountinfo"), contents_of("/proc/self/cgroup"));
  if (home.empty() || ::access((home + "/cgroup.procs").c_str(), W_OK) != 0) return {};
  remove_leftovers(home);
  const std::string probe = home + "/" + cgroup_name(::getpid(), "probe");
  if (::mkdir(probe.c_str(), 0755) != 0) return {};
  ::rmdir(probe.c_str());
  if (memory) hand_down_memory(home);
  return home;
}

Result<Cgroup> Cgroup::create(const std::string& home, const std::string& name) {
  const std::string path = home + "/" + cgroup_name(::getpid(), name);
  if (::mkdir(path.c_str(), 0755) != 0) {
    if (errno != EEXIST) return fail(errno_error("mkdir " + path));
    kill_processes(path);
  }
  Cgroup group;
  group.path_ = path;
  group.door_ = UniqueFd(::open((path + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  if (!group.door_) return fail(errno_error("open " + path + "/cgroup.procs"));
  return group;
}

Cgroup::Cgroup(Cgroup&& other) noexcept : path_(std::exchange(other.path_, {})), door_(std::move(other.door_)) {}

Cgroup& Cgroup::operator=(Cgroup&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(door_, other.door_);
  return *this;
}

Cgroup::~Cgroup() {
  if (path_.empty()) return;
  kill_all();
  // Who has been killed takes a moment to be gone.
  constexpr int kTries = 50;
  for (int i = 0; i < kTries && ::rmdir(path_.c_str()) != 0 && errno == EBUSY; ++i) ::usleep(2000);
}

bool Cgroup::limit_memory(std::uint64_t bytes) const {
  if (!write_text(path_ + "/memory.max", std::to_string(bytes))) return false;
  write_text(path_ + "/memory.swap.max", "0");
  write_text(path_ + "/memory.oom.group", "1");
  return true;
}

void Cgroup::kill_all() const { kill_processes(path_); }

}  // namespace tierce::os
