// Any bytes as an nginx.conf: read or refused with a message, without a fault.
#include <cstdint>
#include <string>

#include "config/nginx/reader.h"

using namespace tierce::config::nginx;  // NOLINT: a program of one function

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 16384) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes are bytes
  const Surroundings around{.read = [&](const std::string& path) -> tierce::Result<std::string> {
                              if (path == "/n/nginx.conf") return text;
                              if (path == "/n/more") return std::string("pid a;");
                              return tierce::fail("2: No such file or directory");
                            },
                            .glob = [](const std::string&) { return std::vector<std::string>{"/n/more"}; }};
  const auto configuration = read_configuration({.path = "/n/nginx.conf", .globals = "daemon off;"}, around);
  if (!configuration && configuration.error().text().empty()) __builtin_trap();
  return 0;
}
