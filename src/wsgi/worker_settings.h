// What the extension is told by the bootstrap, once, before anything runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/error_log.h"
#include "wsgi/py_ref.h"
#include "wsgi/retirement.h"

namespace tierce::wsgi {

struct ListenerName {
  bool is_unix = false;
  std::string name;  // SERVER_NAME
  std::string port;  // SERVER_PORT
};

struct WorkerSettings {
  std::uint32_t threads = 1;
  std::uint32_t greenlets = 0;       // Not 0: so many requests run at once, in greenlets of one thread.
  std::uint64_t hub_timeout_ns = 0;  // A hub that has not turned for so long hangs. 0: any
  bool multiprocess = false;
  RetirementRules retirement;
  std::string server_software;
  std::vector<ListenerName> listeners;
  os::ErrorLog log;
  bool capture_output = false;
  bool file_wrapper = true;
  bool reaper = false;
  std::uint32_t cpus = 0;                // Of each worker; 0: any.
  bool uwsgi = false;                    // Started as `tierce uwsgi`.
  PyObject* application = nullptr;       // Owned for the life of the process.
  PyObject* format_exception = nullptr;  // boot.format_exception(type, value, traceback) -> str
};

WorkerSettings& settings();

}  // namespace tierce::wsgi
