// Output of a program as lines that say when and of whom they are: for logs that many programs share.
//
//   text   2026-01-31 10:00:00,123 web stderr: the line
//   json   {"time":"2026-01-31T10:00:00.123+01:00","program":"web","pid":12,"stream":"stderr","line":"the line"}
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

#include "config/supervisord/settings.h"

namespace tierce::supervisord {

class LineFormat {
 public:
  // `program`: its full name. Microseconds since 1970, of the time that a line is said to have come.
  using Clock = std::function<std::uint64_t()>;
  LineFormat(config::supervisord::LogFormat format, std::string program, std::string stream, Clock clock);

  bool is_plain() const { return format_ == config::supervisord::LogFormat::kPlain; }
  void set_pid(pid_t pid) { pid_ = pid; }
  // The lines that `bytes` complete. A line that does not end is cut at 64 KiB. Good until the next call.
  std::string_view feed(std::string_view bytes);
  // What is left of a program that has ended.
  std::string_view end();

 private:
  void add_line(std::string_view line);

  config::supervisord::LogFormat format_;
  std::string program_;
  std::string stream_;
  Clock clock_;
  pid_t pid_ = 0;
  std::string begun_;  // A line without its end.
  std::string out_;
};

}  // namespace tierce::supervisord
