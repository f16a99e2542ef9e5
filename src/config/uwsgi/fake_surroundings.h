// A machine of files and variables that exist in memory: for the tests and the fuzz target.
#pragma once

#include <map>
#include <string>

#include "config/uwsgi/surroundings.h"

namespace tierce::config::uwsgi {

class FakeSurroundings : public Surroundings {
 public:
  std::map<std::string, std::string> files;
  std::vector<std::pair<std::string, std::string>> variables;

  std::vector<std::pair<std::string, std::string>> environment() const override { return variables; }
  using Surroundings::environment;

  Result<std::string> read_file(const std::string& path) const override {
    const auto found = files.find(path);
    if (found == files.end()) return fail(Error("open " + path + ": no such file"));
    return found->second;
  }
  Kind kind_of(const std::string& path) const override { return files.count(path) != 0 ? Kind::kFile : Kind::kNothing; }
  std::vector<std::string> glob(const std::string& pattern) const override { return {pattern}; }
  std::string absolute(const std::string& path) const override { return "/srv/shop/" + path; }
  std::uint64_t inode(const std::string&) const override { return 17; }
  Machine machine() const override {
    return {"host", "/srv", "/usr/bin/uwsgi", "shop", "www", 1000, 33, 4, 1'700'000'000'000'123};
  }
};

}  // namespace tierce::config::uwsgi
