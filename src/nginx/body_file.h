// A request's body in a file that has a name, for whoever is told it in place of the body: client_body_in_file_only.
#pragma once

#include <string>

#include "config/nginx/location_settings.h"
#include "os/unique_fd.h"

namespace tierce::nginx {

namespace conf = config::nginx;

class BodyFile {
 public:
  BodyFile() = default;
  ~BodyFile() { forget(); }
  BodyFile(const BodyFile&) = delete;
  BodyFile& operator=(const BodyFile&) = delete;

  // A new one below `directory`, in folders by the last digits of its number where `digits` says so (nginx's levels).
  // Without a descriptor: it cannot be made, errno says why.
  os::UniqueFd make(const std::string& directory, const conf::Words& digits, conf::InFile how);
  // "" when there is none.
  const std::string& path() const { return path_; }
  // The request is over.
  void forget();

 private:
  std::string path_;
  bool goes_with_request_ = false;
};

}  // namespace tierce::nginx
