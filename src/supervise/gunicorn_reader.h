// Has the user's Python read a Gunicorn configuration (wsgi/python/gunicorn_conf.py) before anything is
// started: a gunicorn.conf.py is a program of that interpreter.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "config/run_settings.h"
#include "os/unique_fd.h"

namespace tierce::supervise {

struct GunicornReading {
  int exit_code = 0;    // Not 0: it has said what is wrong.
  std::string outcome;  // For config::GunicornValues.
};

// An interpreter that reads one configuration. Several read at the same time.
class GunicornReader {
 public:
  enum class Purpose : std::uint8_t {
    kServe,  // What is wrong ends it; output and errors go to ours; --print-config is answered by it.
    kCheck,  // What is wrong is in the outcome (wsgi/python/gunicorn_check.py); an application may be missing.
  };
  static Result<GunicornReader> begin(const config::GunicornSource& source, const std::string& python, Purpose purpose);
  // Waits for it; must be called once.
  Result<GunicornReading> end();

 private:
  GunicornReader(std::string python, os::UniqueFd outcome, pid_t pid)
      : python_(std::move(python)), outcome_(std::move(outcome)), pid_(pid) {}

  std::string python_;
  os::UniqueFd outcome_;
  pid_t pid_;
};

Result<GunicornReading> read_gunicorn(const config::GunicornSource& source, const std::string& python);

}  // namespace tierce::supervise
