// Reads the head of one SCGI request (https://python.ca/scgi/protocol.txt): a netstring of
// NAME NUL VALUE NUL pairs, CONTENT_LENGTH first, then the body.
//
//   70:CONTENT_LENGTH<0>27<0>SCGI<0>1<0>REQUEST_METHOD<0>POST<0>REQUEST_URI<0>/deepthought<0>,What is ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/cgi_head.h"

namespace tierce::http {

// Restartable over a growing buffer, as RequestParser: parse() is called with all bytes received so far.
class ScgiParser {
 public:
  enum class Outcome : std::uint8_t { kNeedMore, kDone, kRefused };

  // Both outlive the parser; `into` is empty.
  ScgiParser(const VariableLimits& limits, CgiHead& into) : limits_(&limits), into_(&into) {}

  // kDone: into.head() is valid for `bytes`; the body begins behind head_bytes. kRefused: into.error().
  Outcome parse(std::string_view bytes);

 private:
  Outcome refuse(WireError error);
  Outcome read_length(std::string_view bytes);
  Outcome read_variable(std::string_view bytes);
  Outcome finish(std::string_view bytes);

  const VariableLimits* limits_;
  CgiHead* into_;
  std::size_t position_ = 0;  // Start of the first variable not yet read; 0: the length is not.
  std::size_t scanned_ = 0;   // No NUL that ends it is between what has been found of it and here.
  std::size_t name_end_ = 0;  // NUL behind its name; 0: not found.
  std::size_t end_ = 0;       // Of the variables: where the comma stands.
  bool scgi_seen_ = false;
};

}  // namespace tierce::http
