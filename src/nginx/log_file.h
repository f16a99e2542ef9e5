// A file of an access log: each line written at once, or many together (buffer=, flush=), packed when gzip= says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::nginx {

struct LogFileOptions {
  std::size_t buffer_bytes = 0;  // 0: none. gzip= without buffer= has 64 KiB, which is the caller's to say.
  std::int64_t flush_ms = 0;     // How long a line may wait in the buffer; 0: until it is full.
  int gzip_level = 0;            // 0: not packed; else each write is a gzip member of its own, and it has a buffer.
};

// Of one thread; several may append to one file, lines stay whole. A full disk costs lines, never the server.
class LogFile {
 public:
  // Makes the file, 0644, when there is none.
  static Result<LogFile> open(const std::string& path, LogFileOptions options);
  LogFile(LogFile&&) = default;
  LogFile& operator=(LogFile&&) = delete;
  ~LogFile();

  // `line` ends with its line feed.
  void add(std::string_view line, std::int64_t now_ms);
  // When flush() is due; nullopt: nothing waits, or it waits for a full buffer.
  std::optional<std::int64_t> flush_at_ms() const { return flush_at_ms_; }
  void flush();
  // After the file was renamed away: what waits goes into the old one. On failure the old one is kept.
  Result<void> reopen();
  // Lines that could not be written since it was asked last.
  std::uint64_t take_lost() { return std::exchange(lost_, 0); }

 private:
  LogFile(std::string path, LogFileOptions options) : path_(std::move(path)), options_(options) {}
  void write(std::string_view lines);
  bool write_all(std::string_view bytes);

  std::string path_;
  LogFileOptions options_;
  os::UniqueFd file_;
  std::string waiting_;
  std::optional<std::int64_t> flush_at_ms_;
  std::uint64_t lost_ = 0;
};

}  // namespace tierce::nginx
