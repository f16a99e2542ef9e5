// Any bytes as an ini file: read, printed, cut into lines again and applied without a fault.
#include <cstdint>
#include <string_view>

#include "config/uwsgi/apply.h"
#include "config/uwsgi/fake_surroundings.h"
#include "config/uwsgi/ini_text.h"
#include "config/uwsgi/show_config.h"

using namespace tierce::config::uwsgi;  // NOLINT: a program of one function

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  FakeSurroundings around;
  around.variables = {{"HOME", "/root"}, {"UWSGI_X", "%(b)"}};
  around.files["t.ini"].assign(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes are bytes
  around.files["base.ini"] = "[uwsgi]\nb = %n\n[more]\nini = t.ini:other\n";
  around.files["one.txt"] = "one\ntwo\n";
  const auto reading = read_configuration({"--ini", "t.ini"}, around);
  if (!reading) return 0;
  read_section(show_config(*reading), "uwsgi");
  const auto applied = apply(*reading);
  if (applied) {
    for (const Finding& finding : applied->findings) {
      if (finding.line().empty()) __builtin_trap();
    }
  }
  return 0;
}
