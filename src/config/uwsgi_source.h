// What the module `uwsgi` of the application knows of the configuration, and the memory that it asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tierce::config {

// A cache2 as it was asked for.
struct UwsgiCache {
  std::string name;
  std::uint32_t items = 0;
  std::uint32_t blocks = 0;  // 0: as many as items
  std::uint32_t block_bytes = 65536;
  std::uint32_t key_bytes = 2048;
  bool many_blocks = false;
  bool purge_least_used = false;
  bool clear_when_full = false;
  bool never_expires = false;
  std::int64_t math_initial = 0;
  std::string store;  // The file it lives in; else memory.
  bool delete_store = false;
};

struct UwsgiSource {
  std::string app_source;  // "shop.ini:8": where the application is named.
  // What wsgi-file names when module names something as well: loaded when that cannot be.
  std::string second_app;
  std::string second_app_source;
  std::vector<std::pair<std::string, std::optional<std::string>>> options;  // uwsgi.opt, in order.
  std::vector<UwsgiCache> caches;
  std::uint32_t locks = 0;  // Beside lock 0, which is always there.

  std::vector<std::string> mounts;  // POINT=APPLICATION
  std::string mount_callable;       // Its name where a mount names none.
  bool manage_script_name = false;
  std::vector<std::string> arguments;  // sys.argv behind the program.
  std::vector<std::string> imports;
  std::vector<std::string> reload_ignores;   // Modules whose change is no reload.
  std::vector<std::string> post_fork_hooks;  // ACTION:ARGUMENT, in each worker.
  std::string chdir_after;                   // Once the application is imported.
  std::string executable;                    // sys.executable
  bool file_wrapper = true;
  std::uint32_t cpus = 0;  // For each worker; 0: any.
  bool reaper = false;
  std::uint32_t least_lifetime = 0;  // Seconds before max-requests and the like mean anything.
  std::string worker_title_before;   // For ps; the worker's number stands between the two.
  std::string worker_title_after;
  bool worker_title_numbered = false;
  std::string zygote_title;
};

}  // namespace tierce::config
