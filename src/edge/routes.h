// Applies uWSGI's routes to a request. Belongs to one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/regex.h"
#include "base/result.h"
#include "config/route_settings.h"
#include "edge/ready_response.h"
#include "edge/trusted_peers.h"

namespace tierce::edge {

// The request as routes see it.
class RouteRequest {
 public:
  virtual ~RouteRequest() = default;
  // By its CGI name; "" when there is none.
  virtual std::string_view variable(std::string_view name) const = 0;
};

struct Routed {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  std::optional<ReadyResponse> response;
  // Or this file is the response, if it lies below this directory: see config::Route::root.
  std::string root, file;
  std::string added_fields;
  std::vector<std::string> removed_fields;
  Pairs variables;  // For the application.
  Pairs log_variables;
  std::vector<std::string> messages;  // For the log.
  bool not_logged = false;

  // REMOTE_USER, when a route has set it.
  std::string_view user() const;
};

class Routes {
 public:
  static Result<Routes> create(const std::vector<config::Route>& routes);

  bool any() const { return !rules_.empty(); }
  Routed apply(const RouteRequest& request) const;

 private:
  struct Rule {
    config::Route route;
    std::optional<Regex> pattern;
  };
  class Application;

  std::vector<Rule> rules_;
};

}  // namespace tierce::edge
