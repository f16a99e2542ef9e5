// A request that the server makes itself, of the same server, for one that it has: its answer goes to nobody, its
// status and fields can be read.
#pragma once

#include "nginx/async.h"
#include "nginx/request.h"

namespace tierce::nginx {

class Subrequest {
 public:
  Subrequest(Request& parent, std::string_view uri);
  ~Subrequest();
  Async<void> run();
  Request& request() { return *request_; }

 private:
  class Silent;
  std::unique_ptr<Silent> client_;
  RequestPool::Handle request_;
};

}  // namespace tierce::nginx
