// As much of a Dockerfile as says which files the image has and what it starts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tierce::check {

struct Dockerfile {
  struct Copy {
    std::vector<std::string> sources;  // Relative to the Dockerfile's directory.
    std::string destination;           // Absolute; ends with '/' when a directory is meant.
    int line = 0;
  };
  std::vector<Copy> copies;     // Of the last stage and those that it is made from; without --from and ADD of URLs.
  std::string directory = "/";  // WORKDIR at the end.
  std::string user;             // USER at the end.
  // ENTRYPOINT and CMD, without an init or a shell that does nothing but start the rest; else, of their shell form:
  // sh -c TEXT.
  std::vector<std::string> command;
  int command_line = 0;
  // A list over several lines without a backslash, which Docker refuses.
  bool command_broken = false;
};

Dockerfile read_dockerfile(std::string_view text);

}  // namespace tierce::check
