// What happens, on its way to event listeners.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tierce::supervisord {

struct Event {
  std::string name;  // "PROCESS_STATE_RUNNING"
  std::string payload;
  std::uint64_t serial = 0;
};
using EventPtr = std::shared_ptr<const Event>;

// Events come to whoever subscribed to their type or to one it is a kind of.
class EventBus {
 public:
  using Handler = std::function<void(const EventPtr&)>;
  void notify(const std::string& name, const std::string& payload);
  // `owner` is for unsubscribe() alone.
  void subscribe(const void* owner, std::vector<std::string> types, Handler handler);
  void unsubscribe(const void* owner);

 private:
  struct Subscriber {
    const void* owner;
    std::vector<std::string> types;
    Handler handler;
  };
  std::vector<Subscriber> subscribers_;
  std::uint64_t serial_ = 0;
};

}  // namespace tierce::supervisord
