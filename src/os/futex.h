// Sleeping on a 32-bit word that two processes share (futex(2), without FUTEX_PRIVATE_FLAG).
#pragma once

#include <atomic>
#include <cstdint>

namespace tierce::os {

// Sleeps while *word == expected; timeout_ns < 0 means no limit. False on timeout or a signal; true
// when woken or when the word had already changed.
bool futex_wait(std::atomic<std::uint32_t>* word, std::uint32_t expected, std::int64_t timeout_ns = -1);
void futex_wake(std::atomic<std::uint32_t>* word, std::uint32_t threads);

}  // namespace tierce::os
