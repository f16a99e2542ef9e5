// Any bytes as a supervisord.conf: read into sections and programs without a fault, and whatever is refused is refused
// with a reason.
#include <cstdint>
#include <string_view>

#include "config/supervisord/programs.h"

using namespace tierce::config::supervisord;  // NOLINT: a program of one function

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  IniFile file;
  file.path = "t.conf";
  file.here = "/";
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes are bytes
  const auto read = read_ini(text, file.path, file.sections);
  if (!read) {
    if (!read.error().text().starts_with("t.conf:")) __builtin_trap();
    return 0;
  }
  for (const IniSection& section : file.sections) {
    if (section.find("numprocs") != nullptr) return 0;  // Ten thousand of one program are no fault, only slow.
  }
  Expansions known;
  known.texts = {{"ENV_HOME", "/root"}, {"host_node_name", "h"}, {"here", "/"}};
  const auto groups = read_groups(file, known, file.warnings);
  if (!groups && !groups.error().text().starts_with("t.conf")) __builtin_trap();
  return 0;
}
