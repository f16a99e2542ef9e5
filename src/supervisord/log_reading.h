// Parts of log files, as the API hands them out.
#pragma once

#include <cstdint>
#include <string>

#include "supervisord/rpc_value.h"

namespace tierce::supervisord {

// At most this much in one answer; whoever wants more asks again, further on.
inline constexpr std::uint64_t kLogReadMax = 16u << 20;

// `length` bytes from `offset` on, all with length 0; a negative offset counts from the end, with length 0.
// BAD_ARGUMENTS or FAILED.
Outcome read_log(const std::string& path, long offset, long length);
// [bytes, size of the file, whether it has grown beyond offset + length]; an unreadable file is an empty one.
Value tail_log(const std::string& path, long offset, long length);

}  // namespace tierce::supervisord
