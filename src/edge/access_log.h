// The access log in the combined format, buffered: a line is formatted into memory and written with many
// others, at the latest 100 ms after the request. Off the hot path otherwise.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::edge {

struct AccessRecord {
  std::string_view remote_address;  // "" prints as "-".
  std::string_view remote_user;
  std::string_view request_line;
  int status;
  std::uint64_t body_bytes;
  std::string_view referer;
  std::string_view user_agent;
};

class AccessLog {
 public:
  // Path, "-" for standard output, "" for none.
  static Result<AccessLog> open(const std::string& path);
  AccessLog() = default;

  bool on() const { return on_; }
  void add(const AccessRecord& record, std::time_t now);
  // Writes what is buffered when it is large or old enough.
  void flush_if_due(std::uint64_t now_ns);
  void flush();
  bool pending() const { return !lines_.empty(); }
  Result<void> reopen();

 private:
  bool on_ = false;
  std::string path_;
  os::UniqueFd file_;
  std::string lines_;
  std::uint64_t oldest_ns_ = 0;
  std::time_t stamp_of_ = 0;
  char stamp_[32] = {};
  std::size_t stamp_bytes_ = 0;
};

// The user name of an "Authorization: Basic" value; empty when there is none.
std::string basic_user(std::string_view authorization);

}  // namespace tierce::edge
