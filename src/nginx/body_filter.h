// What becomes of a body on its way out: compressed as the client likes it, or expanded for one that does not.
#pragma once

#include <cstdint>
#include <string_view>

namespace tierce::nginx {

class Client;
class Request;

enum class Flush : std::uint8_t { kNone, kSync, kFinish };

class BodyFilter {
 public:
  virtual ~BodyFilter() = default;
  virtual void write(Client& client, std::string_view bytes, Flush how) = 0;
};

// Decides by the settings, the request and the head of the response; changes that head.
void choose_body_filter(Request& request);

}  // namespace tierce::nginx
