#include "wsgi/log_variables.h"

#include <algorithm>
#include <cstring>

#include "wsgi/worker_settings.h"

namespace tierce::wsgi {
namespace {

// A variable that does not fit is left out. The response area is 128 KiB, of which the head has half at most.
constexpr std::uint32_t kRoomLeast = 512, kRoomMost = 8192;

}  // namespace

std::uint32_t reserve_log_variables(Call& call) {
  gateway::ResponseMeta& meta = call.slot->response;
  meta.log_always = call.log_always ? 1 : 0;
  meta.log_bytes = 0;
  // An application that iterates may set one later.
  if (!settings().uwsgi && call.log_variables.empty()) return meta.head_bytes;
  std::size_t bytes = 0;
  for (const auto& [name, value] : call.log_variables) bytes += name.size() + value.size() + 2;
  meta.log_at = meta.head_bytes;
  call.log_room =
      std::clamp(static_cast<std::uint32_t>(std::min<std::size_t>(bytes * 2, kRoomMost)), kRoomLeast, kRoomMost);
  return meta.log_at + call.log_room;
}

void write_log_variables(Call& call) {
  gateway::ResponseMeta& meta = call.slot->response;
  meta.log_always = call.log_always ? 1 : 0;
  meta.log_bytes = 0;
  if (call.log_room == 0) return;
  char* const begin = call.line->mailbox.response_area(call.index) + meta.log_at;
  char* at = begin;
  for (const auto& [name, value] : call.log_variables) {
    if (name.size() + value.size() + 2 > call.log_room - static_cast<std::size_t>(at - begin)) continue;
    std::memcpy(at, name.c_str(), name.size() + 1);
    at += name.size() + 1;
    std::memcpy(at, value.c_str(), value.size() + 1);
    at += value.size() + 1;
  }
  meta.log_bytes = static_cast<std::uint32_t>(at - begin);
}

}  // namespace tierce::wsgi
