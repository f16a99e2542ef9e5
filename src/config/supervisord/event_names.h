// The event types of supervisord, each below the one it is a kind of.
#pragma once

#include <string_view>

namespace tierce::config::supervisord {

bool is_event_name(std::string_view name);
// Whether a listener to `subscribed` is told of `event`: it is the same or a kind of it.
bool event_is(std::string_view event, std::string_view subscribed);

}  // namespace tierce::config::supervisord
