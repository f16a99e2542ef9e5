#include "nginx/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "nginx/body_coder.h"

namespace tierce::nginx {
namespace {

constexpr ::mode_t kMode = 0644;

Result<os::UniqueFd> open_for_append(const std::string& path) {
  os::UniqueFd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, kMode));
  if (!file) return fail(errno_error(fmt::format("open() \"{}\"", path)));
  return file;
}

}  // namespace

Result<LogFile> LogFile::open(const std::string& path, LogFileOptions options) {
  LogFile log(path, options);
  auto file = open_for_append(path);
  if (!file) return fail(std::move(file).error());
  log.file_ = std::move(*file);
  log.waiting_.reserve(options.buffer_bytes);
  return log;
}

LogFile::~LogFile() { flush(); }

void LogFile::add(std::string_view line, std::int64_t now_ms) {
  if (waiting_.size() + line.size() > options_.buffer_bytes) flush();
  if (line.size() > options_.buffer_bytes) {
    write(line);
    return;
  }
  if (waiting_.empty() && options_.flush_ms != 0) flush_at_ms_ = now_ms + options_.flush_ms;
  waiting_ += line;
}

void LogFile::flush() {
  flush_at_ms_.reset();
  if (waiting_.empty()) return;
  write(waiting_);
  waiting_.clear();
}

Result<void> LogFile::reopen() {
  auto file = open_for_append(path_);
  if (!file) return fail(std::move(file).error());
  flush();
  file_ = std::move(*file);
  return {};
}

void LogFile::write(std::string_view lines) {
  bool written = false;
  if (options_.gzip_level == 0) {
    written = write_all(lines);
  } else {
    const auto encoder = make_gzip_encoder(options_.gzip_level, gzip_memory_for(lines.size()));
    std::string packed;
    written = encoder && encoder->add(lines, Flush::kFinish, packed) && write_all(packed);
  }
  if (!written) lost_ += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
}

bool LogFile::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ::ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace tierce::nginx
