#include "nginx/one_line.h"

namespace tierce::nginx {

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\r') {
      out += "%0D";
    } else if (c == '\n') {
      out += "%0A";
    } else if (c == '\0') {
      out += "%00";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace tierce::nginx
