// What the supervisor of an application tells an edge of another program that is let in through the door
// (gateway/door.h): the settings that hold for requests to the application, whoever brings them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/edge_settings.h"
#include "config/wire_protocol.h"

namespace tierce::config {

// The address of the listener for whoever knows the application by its name: uwsgi is spoken there.
inline constexpr const char* kAppByName = "app:";

struct WelcomeListener {
  bool is_unix = false;
  std::string name;
  std::uint16_t port = 0;
  WireProtocol protocol = WireProtocol::kHttp;
  std::uint8_t worker_number = 0;
  std::string address;  // As it was announced (gateway/door.h); "": it is not.
};

struct EdgeWelcome {
  EdgeSettings settings;  // Without routes and files: an application that has them lets nobody in.
  std::vector<WelcomeListener> listeners;
  std::uint64_t id_base = 0;  // Of request ids.
  std::uint32_t port = 0;     // Which mailbox of every worker is the visitor's.
  std::uint32_t ports = 0;    // How many mailboxes a worker has.

  std::string pack() const;
  static Result<EdgeWelcome> unpack(std::string_view bytes);
};

// Why requests to an application with these settings must go through its own edge; "" when they need not.
std::string why_not_shared(const EdgeSettings& settings);

}  // namespace tierce::config
