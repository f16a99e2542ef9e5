// Reads an nginx.conf with everything that it includes, and checks what nginx checks on the way: names, places, numbers
// of words, blocks, simple values. What the directives mean is for those who take the tree.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/nginx/directive.h"
#include "config/nginx/host_addresses.h"

namespace tierce::config::nginx {

struct Place {
  std::uint32_t file = 0;  // Of Configuration::files.
  std::uint32_t line = 0;
};

// One directive with its block.
struct Node {
  const Directive* directive = nullptr;  // nullptr: a line of a block with a language of its own.
  std::vector<std::string> words;        // The name first.
  Place place;
  std::vector<Node> block;
  bool whole = true;  // false: an error ended the reading within its block.
};

struct SourceFile {
  std::string path;
  std::string text;
};

struct Configuration {
  std::vector<SourceFile> files;  // In the order they were begun; "" is the command line.
  std::vector<Node> nodes;
  // Whether a directive of this name stands outside all blocks.
  bool has(std::string_view name) const;
  // "shop.conf:12"
  std::string where(Place place) const;
};

// What reading needs of the machine; a fuzz target gives another one.
struct Surroundings {
  // All bytes of a file, or why not, in the words of strerror with the number: "2: No such file or directory".
  std::function<Result<std::string>(const std::string& path)> read;
  // Paths that match, sorted.
  std::function<std::vector<std::string>(const std::string& pattern)> glob;
  // Left out: hosts are taken as they are named, and trusted by no address.
  HostAddresses::Ask addresses = nullptr;
};
const Surroundings& this_machine();

struct Start {
  std::string path;     // Of the file; what it includes is looked for beside it.
  std::string globals;  // Of -g.
  // An error about one directive does not end the reading: the directive is left out and the error kept.
  bool go_on = false;
};

// About a directive that nginx has.
std::string not_built_yet(std::string_view name);

// As far as it could be read.
struct Reading {
  Configuration configuration;
  std::optional<Error> error;  // With nginx's message and place.
  std::vector<Error> further;  // Of Start::go_on: those that were about one directive each.
  std::shared_ptr<HostAddresses> hosts;
};
Reading read_as_far_as_possible(const Start& start, const Surroundings& around);

// Fails with nginx's message and place: "unknown directive \"servr\" in /etc/nginx/nginx.conf:3 ...".
Result<Configuration> read_configuration(const Start& start, const Surroundings& around);

}  // namespace tierce::config::nginx
