// How large a mailbox is. The supervisor decides; edge and workers are told.
#pragma once

#include <cstdint>

namespace tierce::gateway {

inline constexpr std::uint32_t kSlotsMax = 4096;
// Of variables that the edge adds to a request, at most. A path or a user name alone is below 8 KiB.
inline constexpr std::uint32_t kAddedVariablesBytes = 16384;

struct MailboxShape {
  std::uint32_t slots = 64;               // Power of two, at most kSlotsMax.
  std::uint32_t request_bytes = 65536;    // Field table + head + added variables + inline body; multiple of 4096.
  std::uint32_t response_bytes = 131072;  // Response head, then the body ring; multiple of 4096.
};

}  // namespace tierce::gateway
