#include "config/supervisord/event_names.h"

namespace tierce::config::supervisord {
namespace {

struct Row {
  std::string_view name;
  std::string_view parent;
};

constexpr Row kEvents[] = {
    {"EVENT", ""},
    {"PROCESS_STATE", "EVENT"},
    {"PROCESS_STATE_STARTING", "PROCESS_STATE"},
    {"PROCESS_STATE_RUNNING", "PROCESS_STATE"},
    {"PROCESS_STATE_BACKOFF", "PROCESS_STATE"},
    {"PROCESS_STATE_STOPPING", "PROCESS_STATE"},
    {"PROCESS_STATE_EXITED", "PROCESS_STATE"},
    {"PROCESS_STATE_STOPPED", "PROCESS_STATE"},
    {"PROCESS_STATE_FATAL", "PROCESS_STATE"},
    {"PROCESS_STATE_UNKNOWN", "PROCESS_STATE"},
    {"REMOTE_COMMUNICATION", "EVENT"},
    {"PROCESS_LOG", "EVENT"},
    {"PROCESS_LOG_STDOUT", "PROCESS_LOG"},
    {"PROCESS_LOG_STDERR", "PROCESS_LOG"},
    {"PROCESS_COMMUNICATION", "EVENT"},
    {"PROCESS_COMMUNICATION_STDOUT", "PROCESS_COMMUNICATION"},
    {"PROCESS_COMMUNICATION_STDERR", "PROCESS_COMMUNICATION"},
    {"PROCESS_GROUP", "EVENT"},
    {"PROCESS_GROUP_ADDED", "PROCESS_GROUP"},
    {"PROCESS_GROUP_REMOVED", "PROCESS_GROUP"},
    {"SUPERVISOR_STATE_CHANGE", "EVENT"},
    {"SUPERVISOR_STATE_CHANGE_RUNNING", "SUPERVISOR_STATE_CHANGE"},
    {"SUPERVISOR_STATE_CHANGE_STOPPING", "SUPERVISOR_STATE_CHANGE"},
    {"TICK", "EVENT"},
    {"TICK_5", "TICK"},
    {"TICK_60", "TICK"},
    {"TICK_3600", "TICK"},
};

std::string_view parent_of(std::string_view name) {
  for (const Row& row : kEvents) {
    if (row.name == name) return row.parent;
  }
  return {};
}

}  // namespace

bool is_event_name(std::string_view name) {
  for (const Row& row : kEvents) {
    if (row.name == name) return true;
  }
  return false;
}

bool event_is(std::string_view event, std::string_view subscribed) {
  for (std::string_view name = event; !name.empty(); name = parent_of(name)) {
    if (name == subscribed) return true;
  }
  return false;
}

}  // namespace tierce::config::supervisord
