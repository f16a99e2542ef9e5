// What a whole nginx.conf says: servers, their locations and instructions, upstreams, and the settings of each, with
// everything inherited. Read-only once it is made.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "config/nginx/location_choice.h"
#include "config/nginx/reader.h"
#include "config/nginx/server_name.h"
#include "config/nginx/server_settings.h"

namespace tierce::config::nginx {

struct Condition {
  enum class Kind : std::uint8_t { kNotEmpty, kEqual, kMatches, kFile, kDirectory, kExists, kExecutable };
  Kind kind = Kind::kNotEmpty;
  bool negated = false;
  TextValue left;         // The variable; of the file tests the path.
  TextValue right;        // Of kEqual.
  Expression expression;  // Of kMatches.
};

struct Location;

// The instructions of the rewrite module run in their order.
struct Break {};
struct Return {
  int status = 0;
  TextValue text;
  bool has_text = false;
};
struct Rewrite {
  Expression expression;
  TextValue replacement;
  enum class Then : std::uint8_t { kNext, kLast, kBreak, kRedirect, kPermanent };
  Then then = Then::kNext;
  bool drops_arguments = false;  // The replacement ended with a '?'.
};
struct Set {
  std::string variable;
  TextValue value;
};
struct If {
  Condition condition;
  std::unique_ptr<Location> inside;  // Its settings hold when the condition does; instructions go on there.
};
using Instruction = std::variant<Break, Return, Rewrite, Set, If>;

struct LimitExcept {
  std::vector<std::string> methods;  // All others are meant.
  LocationSettings settings;
};

// A location; also the inside of a server and of an if, which have no pattern.
struct Location {
  std::optional<LocationPattern> pattern;
  Place place;
  LocationSettings settings;
  std::vector<Instruction> instructions;
  std::vector<std::unique_ptr<Location>> locations;  // In the order of the file.
  LocationChoices<Location> choices;
  std::unique_ptr<LimitExcept> limit_except;
};

// The inside of an if and a limit_except pass on as the location around them does, unless they say otherwise.
void inherit_handler(LocationSettings& inner, const LocationSettings& outer);

// Whether it hands requests on, so that its path without the slash redirects to the one with it.
bool passes_on(const Location& location);

struct ListenOptions {
  Number backlog, receive_buffer, send_buffer, fast_open;
  bool bind = false, deferred = false, reuse_port = false;
  Flag ipv6_only;
  Text so_keepalive, accept_filter;
};

struct Listen {
  Address address;
  Place place;
  bool is_default = false, tls = false, http2 = false, proxy_protocol = false, options_given = false;
  ListenOptions options;
};

struct Server {
  Place place;
  std::vector<Listen> listens;
  std::vector<ServerName> names;
  ServerSettings settings;
  Location root;
};

// One address to listen at, and the servers that share it.
struct Listener {
  Address address;
  ListenOptions options;
  bool tls = false, http2 = false, proxy_protocol = false;
  std::vector<const Server*> servers;
  const Server* fallback = nullptr;  // default_server, or the first.
  ServerNames names;                 // Indices of `servers`.
};

struct Model {
  MainSettings main;
  HttpSettings http;
  ServerSettings server_defaults;
  LocationSettings location_defaults;
  std::vector<std::unique_ptr<Server>> servers;
  std::vector<std::unique_ptr<UpstreamSettings>> upstreams;
  std::vector<Listener> listeners;
  bool has_events = false, has_http = false;
};

// The listener that a connection to this address of the machine came through: the address itself, else all addresses
// with its port. nullptr: none.
const Listener* find_listener(const Model& model, const Address& local);
// By the Host as normal_host() makes it; "" for a request without one.
// `by`: as ServerNames::find says.
const Server& choose_server(const Listener& listener, std::string_view host, const Regex** by = nullptr);

}  // namespace tierce::config::nginx
