#include "supervisord/events.h"

#include <algorithm>

#include "config/supervisord/event_names.h"

namespace tierce::supervisord {

void EventBus::notify(const std::string& name, const std::string& payload) {
  EventPtr event;
  for (const Subscriber& subscriber : subscribers_) {
    const auto& types = subscriber.types;
    if (std::none_of(types.begin(), types.end(), [&](const auto& t) { return config::supervisord::event_is(name, t); }))
      continue;
    // A number only for those that somebody is told of.
    if (!event) event = std::make_shared<const Event>(Event{name, payload, serial_++});
    subscriber.handler(event);
  }
}

void EventBus::subscribe(const void* owner, std::vector<std::string> types, Handler handler) {
  subscribers_.push_back({owner, std::move(types), std::move(handler)});
}

void EventBus::unsubscribe(const void* owner) {
  std::erase_if(subscribers_, [owner](const Subscriber& subscriber) { return subscriber.owner == owner; });
}

}  // namespace tierce::supervisord
