// Finds the first byte that may not stand in a part of the head, 16 or 32 bytes at a time where the
// processor can. The version is chosen once at start; none reads past the end of the bytes given.
#pragma once

namespace tierce::http {

struct ByteScan {
  // Both return `end` when every byte may stand there.
  using Find = const char* (*)(const char* begin, const char* end);
  Find value_stop;   // First control byte other than HTAB, or 0x7f: no part of a field value.
  Find target_stop;  // First blank, control byte, 0x7f or '#': no part of a request target.
  const char* name;
};

// The fastest version this processor runs.
extern ByteScan byte_scan;

// The version of that name ("portable", "sse2", "avx2"), or none when this processor cannot run it.
const ByteScan* find_byte_scan(const char* name);

}  // namespace tierce::http
