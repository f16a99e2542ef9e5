// The files of a set by the paths that its programs know them by. Without a Dockerfile these are the paths of this
// machine; with one, what it copies is found beside it, and what it does not copy nobody knows.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "check/dockerfile.h"
#include "check/finding.h"
#include "config/nginx/reader.h"
#include "config/uwsgi/surroundings.h"

namespace tierce::check {

class Image {
 public:
  Image();  // This machine.
  // `path`: of the Dockerfile. What it copies and is not there is said.
  Image(const Dockerfile& dockerfile, const std::string& path, std::vector<Finding>& findings);
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  // Of this machine: a given file is what programs mean by a path that ends with the same name; files are checked
  // before they are installed.
  void stand_in(const std::string& file);

  // What uWSGI reads instead of the file at `path`.
  void translate_for_uwsgi(const std::string& path, std::string text) { for_uwsgi_[path] = std::move(text); }

  bool is_container() const { return container_; }
  // Where the file is to be read; nullopt when it is not known to be in the image. Of a machine: the path itself.
  std::optional<std::string> local(const std::string& path) const;
  // How a path is shown to people: where it can be edited.
  std::string shown(const std::string& path) const { return local(path).value_or(path); }
  enum class Presence : std::uint8_t { kThere, kMissing, kUnknown };  // kUnknown: below what nobody copied.
  Presence presence(const std::string& path) const;
  // Copied single files and those in copied directories, by their paths in the image.
  const std::vector<std::string>& copied_files() const { return copied_files_; }
  // It is in a folder of a copied directory.
  bool is_deep(const std::string& inside) const;
  std::vector<std::string> python_files(const std::string& directory) const;

  const config::nginx::Surroundings& for_nginx() const { return nginx_; }
  const config::uwsgi::Surroundings& for_uwsgi() const { return *uwsgi_; }

 private:
  struct Mapping {
    std::string inside;  // Ends with '/' for a directory.
    std::string outside;
  };
  friend class ImageForUwsgi;
  friend class MachineForUwsgi;
  std::vector<std::string> find_copied_files() const;
  std::vector<std::string> glob(const std::string& pattern) const;
  // nullptr: the file itself.
  const std::string* translated(const std::string& path) const {
    const auto found = for_uwsgi_.find(path);
    return found == for_uwsgi_.end() ? nullptr : &found->second;
  }

  bool container_ = false;
  std::vector<Mapping> mappings_;  // The last first: a later COPY lies over an earlier one.
  std::vector<std::string> copied_files_;
  std::vector<std::string> given_;
  std::map<std::string, std::string> for_uwsgi_;
  std::string directory_ = "/";  // Where relative paths begin.
  config::nginx::Surroundings nginx_;
  std::unique_ptr<config::uwsgi::Surroundings> uwsgi_;
};

}  // namespace tierce::check
