// The sockets that `listen` names: opened by the master, kept over a new configuration, inherited by a new binary.
#pragma once

#include <string>
#include <vector>

#include "config/nginx/model.h"
#include "nginx/server_thread.h"
#include "os/unique_fd.h"

namespace tierce::nginx {

class Listeners {
 public:
  // Those of an older binary, as nginx hands them on: NGINX="6;7;" in the environment.
  void take_inherited();
  // For an environment of a new one.
  std::string inheritable() const;
  // Opens what is not open yet and closes, at the end, what nobody names any more. Fails with nginx's words, and then
  // nothing has changed.
  Result<void> open(const conf::Model& model);
  // Whether they could be opened; an address that is in use may be that of the server that runs. Leaves nothing behind.
  static Result<void> try_to_open(const conf::Model& model);
  const std::vector<ListenPoint>& points() const { return points_; }
  // In a process that only has them: unix sockets stay where they are.
  void forget() { owns_paths_ = false; }
  // Who connects from now on is refused, once nobody else has them open. Unix sockets are removed at the end.
  void close();
  ~Listeners();

 private:
  struct Open {
    os::UniqueFd fd;
    conf::Address address;
  };
  std::vector<Open> open_;
  std::vector<ListenPoint> points_;
  bool owns_paths_ = true;
};

}  // namespace tierce::nginx
