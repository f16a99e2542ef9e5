#include "cli/supervisord_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

namespace tierce::cli {

Result<std::string> find_supervisord_conf() {
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path().parent_path().string();
  const std::vector<std::string> places = {
      self + "/etc/supervisord.conf", self + "/supervisord.conf", "supervisord.conf",
      "etc/supervisord.conf",         "/etc/supervisord.conf",    "/etc/supervisor/supervisord.conf"};
  for (const std::string& place : places) {
    if (std::filesystem::exists(place, ignored)) return place;
  }
  return fail(
      Error(fmt::format("No config file found at default paths ({}); use the -c option to specify a config file "
                        "at a different path",
                        fmt::join(places, ", "))));
}

}  // namespace tierce::cli
