// The files that logs are written to, by path, opened once for all threads. The master opens them, who may; a process
// that serves inherits them and opens them anew when it is told to (USR1).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/unique_fd.h"

namespace tierce::nginx {

class LogFile {
 public:
  // Appends all of it with one write(2). What a full disk does not take is lost, never the server.
  void write(std::string_view lines) const;
  const std::string& path() const { return path_; }

 private:
  friend class LogFiles;
  std::string path_;
  os::UniqueFd fd_;
};

class LogFiles {
 public:
  // The same file for the same path. Fails when it cannot be opened.
  Result<LogFile*> open(const std::string& path);
  // The same number goes on to mean the new file, so that nobody needs to be told. What cannot be opened anew stays.
  Result<void> reopen();
  // To whom they belong from now on: a process of this user opens them anew.
  void give_to(unsigned user, unsigned group) const;

 private:
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<LogFile>> files_;
};

}  // namespace tierce::nginx
