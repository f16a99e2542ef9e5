#include "supervise/master_fifo.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tierce::supervise {
namespace {

bool is_fifo(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode);
}

}  // namespace

Result<MasterFifo> MasterFifo::open(const std::vector<std::string>& paths, const os::Identity& identity) {
  MasterFifo fifo;
  fifo.paths_ = paths;
  fifo.identity_ = identity;
  if (auto made = fifo.make(paths.front()); !made) return fail(std::move(made).error());
  return fifo;
}

Result<void> MasterFifo::make(const std::string& path) {
  // uWSGI removes whatever stands there; a file that is no fifo is not ours to remove.
  if (is_fifo(path)) ::unlink(path.c_str());
  if (::mkfifo(path.c_str(), S_IRUSR | S_IWUSR) != 0) return fail(errno_error("master-fifo " + path));
  made_.insert(path);
  if (auto given = os::give_path(path, identity_); !given) return given;
  // For writing too: without a writer of our own every echo would end with an end of file.
  os::UniqueFd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return fail(errno_error("master-fifo " + path));
  fd_ = std::move(fd);
  return {};
}

void MasterFifo::add_source(Sources& sources, std::function<void(char)> letter) {
  if (!fd_) return;
  sources.add(fd_.get(), [this, letter = std::move(letter)] {
    // One for each turn of the loop: a command may close this fifo or end the server.
    char read = 0;
    if (::read(fd_.get(), &read, 1) == 1) letter(read);
  });
}

Result<std::string> MasterFifo::choose(std::size_t slot) {
  const std::string path = slot < paths_.size() ? paths_[slot] : paths_.front();
  if (auto made = make(path); !made) return fail(std::move(made).error());
  return path;
}

void MasterFifo::unlink() {
  close();
  for (const std::string& path : made_) {
    if (is_fifo(path)) ::unlink(path.c_str());
  }
  made_.clear();
}

}  // namespace tierce::supervise
