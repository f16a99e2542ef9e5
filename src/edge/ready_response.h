// A response that the edge has made out of its configuration: a file, parts of one, a redirect. ResponseSender adds
// what every response has.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/unique_fd.h"

namespace tierce::edge {

struct ReadyResponse {
  int status = 200;
  std::string reason;  // "": the registered one.
  std::string fields;  // Whole lines; none of Server, Date, Content-Length, Connection.
  // The body: of each part the text, then [at, at + bytes) of the file.
  struct Part {
    std::string text;
    std::uint64_t at = 0;
    std::uint64_t bytes = 0;
  };
  std::vector<Part> parts;
  os::UniqueFd file;

  std::uint64_t body_bytes() const {
    std::uint64_t sum = 0;
    for (const Part& part : parts) sum += part.text.size() + part.bytes;
    return sum;
  }
};

}  // namespace tierce::edge
