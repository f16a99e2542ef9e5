// A request path, decoded, then mapped: whatever comes, the result stays below the directory.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "http/percent.h"
#include "http/static_path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tierce;
  std::string decoded(reinterpret_cast<const char*>(data), size);
  decoded.resize(http::decode_path(decoded, decoded.data()));
  const std::string plain = http::without_dot_segments(decoded);
  if (plain.starts_with('/')) {
    check((plain + "/").find("/../") == std::string::npos && (plain + "/").find("/./") == std::string::npos,
          "no dots are left");
    check(http::without_dot_segments(plain) == plain, "what is worked out stays as it is");
    check(http::path_below(plain).has_value() == (plain.find('\0') == std::string::npos), "it leads nowhere else");
  }
  const auto path = http::path_below(decoded);
  if (!path) return 0;
  check(path->find('\0') == std::string::npos, "a path has no NUL");
  check(!path->starts_with('/'), "a path is relative");
  const std::string framed = "/" + *path + "/";
  check(framed.find("/../") == std::string::npos, "a path does not climb");
  check(framed.find("/./") == std::string::npos, "a path has no empty steps");
  check(http::path_below(*path) == *path, "what is worked out stays as it is");
  return 0;
}
