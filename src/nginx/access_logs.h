// The access logs of one thread: each request makes a line in those that its location names. Lines of one turn of the
// loop are written together, those of a log with `buffer=` when it is full or `flush` is over.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/nginx/model.h"
#include "nginx/log_target.h"

namespace tierce::nginx {

namespace conf = config::nginx;
class Request;
class Site;

class AccessLogs {
 public:
  explicit AccessLogs(Site& site) : site_(site) {}
  // Opens all whose names are constant: one that cannot be opened stops the start.
  Result<void> open();
  void add(Request& request);
  // At the end of each turn of the loop.
  void flush_turn();
  void flush_all();
  bool pending() const { return !waiting_.empty(); }

 private:
  struct Log {
    const conf::AccessLog* settings = nullptr;
    const conf::LogFormat* format = nullptr;
    LogTarget* target = nullptr;  // nullptr: the path has variables.
    Log* holder = nullptr;        // Of those that write to one file, the one that has their lines, in their order.
    std::string lines;
    std::uint64_t oldest_ms = 0;
    bool waits = false;  // In waiting_.
  };
  Result<Log> prepare(const conf::AccessLog& settings);
  Log* find(const conf::AccessLog& settings);
  void flush(Log& log);
  void write_to_variable_path(Request& request, Log& log, std::string_view line);

  Site& site_;
  std::unique_ptr<conf::LogFormat> combined_;
  // By where the settings stand; inherited ones name the same target.
  std::unordered_map<const conf::AccessLog*, std::unique_ptr<Log>> logs_;
  std::unordered_map<const LogTarget*, Log*> holders_;
  std::vector<Log*> waiting_;
  std::unique_ptr<conf::AccessLog> default_log_;
};

// The line of a format for one request, without its end.
void append_log_line(Request& request, const conf::LogFormat& format, std::string& out);

}  // namespace tierce::nginx
