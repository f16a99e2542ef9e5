// What an event listener says on its standard output: "READY\n", then for each event "RESULT n\n" and n bytes.
//
//   ACKNOWLEDGED --READY--> READY --an event is sent--> BUSY --RESULT--> ACKNOWLEDGED
//   Anything else said: UNKNOWN, and it is sent nothing more.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tierce::supervisord {

enum class ListenerState : std::uint8_t { kAcknowledged, kReady, kBusy, kUnknown };
std::string_view name_of(ListenerState state);

class ListenerProtocol {
 public:
  // Called with the payload of each result.
  using OnResult = std::function<void(std::string_view payload)>;
  void feed(std::string_view bytes, const OnResult& on_result);
  void event_sent() { state_ = ListenerState::kBusy; }
  ListenerState state() const { return state_; }
  // Why the state is UNKNOWN: the bytes that do not belong there.
  const std::string& offence() const { return offence_; }

 private:
  bool step(const OnResult& on_result);
  bool offend(std::string_view bytes);

  ListenerState state_ = ListenerState::kAcknowledged;
  std::string buffer_;
  bool in_result_ = false;
  std::size_t result_bytes_ = 0;
  std::string offence_;
};

}  // namespace tierce::supervisord
