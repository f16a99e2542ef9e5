// Everything `tierce run` can be told (run_options.h has the rows).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/edge_settings.h"

namespace tierce::config {

struct RunSettings {
  EdgeSettings edge;
  std::string app;  // module:callable
  std::uint32_t workers = 1;
  std::uint32_t threads = 1;
  std::vector<std::string> binds;
  int backlog = 0;                 // 0: somaxconn
  std::uint64_t max_requests = 0;  // 0: never
  std::uint64_t max_requests_jitter = 0;
  std::string chdir;
  std::vector<std::string> pythonpath;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string user;
  std::string group;
  int umask = -1;  // -1: as inherited
  std::string pid_file;
  bool reload = false;
  bool lazy_apps = false;
  std::string python;  // "": the virtual environment's, else python3 on PATH
  std::string name;
};

}  // namespace tierce::config
