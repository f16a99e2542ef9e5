#include "http/byte_scan.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tierce::http {
namespace {

bool stops_value(unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }
bool stops_target(unsigned char c) { return c <= 0x20 || c == 0x7f || c == '#'; }

const char* value_stop_portable(const char* at, const char* end) {
  while (at != end && !stops_value(static_cast<unsigned char>(*at))) ++at;
  return at;
}

const char* target_stop_portable(const char* at, const char* end) {
  while (at != end && !stops_target(static_cast<unsigned char>(*at))) ++at;
  return at;
}

constexpr ByteScan kPortable = {value_stop_portable, target_stop_portable, "portable"};

#if defined(__x86_64__)

// Unsigned "x <= bound" is min(x, bound) == x: the instruction sets compare signed bytes only.
inline unsigned value_stops(__m128i x) {
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
  const __m128i tab = _mm_cmpeq_epi8(x, _mm_set1_epi8('\t'));
  const __m128i del = _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, control), del)));
}

inline unsigned target_stops(__m128i x) {
  const __m128i blank = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x20)), x);
  const __m128i hash = _mm_cmpeq_epi8(x, _mm_set1_epi8('#'));
  const __m128i del = _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(blank, hash), del)));
}

__m128i load16(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }

const char* value_stop_sse2(const char* at, const char* end) {
  for (; end - at >= 16; at += 16) {
    if (const unsigned stops = value_stops(load16(at))) return at + __builtin_ctz(stops);
  }
  return value_stop_portable(at, end);
}

const char* target_stop_sse2(const char* at, const char* end) {
  for (; end - at >= 16; at += 16) {
    if (const unsigned stops = target_stops(load16(at))) return at + __builtin_ctz(stops);
  }
  return target_stop_portable(at, end);
}

constexpr ByteScan kSse2 = {value_stop_sse2, target_stop_sse2, "sse2"};

#define TIERCE_AVX2 __attribute__((target("avx2")))

TIERCE_AVX2 inline unsigned value_stops(__m256i x) {
  const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(0x1f)), x);
  const __m256i tab = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\t'));
  const __m256i del = _mm256_cmpeq_epi8(x, _mm256_set1_epi8(0x7f));
  return static_cast<unsigned>(_mm256_movemask_epi8(_mm256_or_si256(_mm256_andnot_si256(tab, control), del)));
}

TIERCE_AVX2 inline unsigned target_stops(__m256i x) {
  const __m256i blank = _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(0x20)), x);
  const __m256i hash = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('#'));
  const __m256i del = _mm256_cmpeq_epi8(x, _mm256_set1_epi8(0x7f));
  return static_cast<unsigned>(_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(blank, hash), del)));
}

TIERCE_AVX2 inline __m256i load32(const char* at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); }

// What is left under 32 bytes goes to the 16 byte version: a head's last lines are short. Its code is
// not AVX, and gcc 12 leaves out the instruction that makes the change cheap before a tail call.
TIERCE_AVX2 const char* value_stop_avx2(const char* at, const char* end) {
  for (; end - at >= 32; at += 32) {
    if (const unsigned stops = value_stops(load32(at))) return at + __builtin_ctz(stops);
  }
  _mm256_zeroupper();
  return value_stop_sse2(at, end);
}

TIERCE_AVX2 const char* target_stop_avx2(const char* at, const char* end) {
  for (; end - at >= 32; at += 32) {
    if (const unsigned stops = target_stops(load32(at))) return at + __builtin_ctz(stops);
  }
  _mm256_zeroupper();
  return target_stop_sse2(at, end);
}

#undef TIERCE_AVX2

constexpr ByteScan kAvx2 = {value_stop_avx2, target_stop_avx2, "avx2"};

bool has_avx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") != 0;
}

const ByteScan& fastest() { return has_avx2() ? kAvx2 : kSse2; }

#else

const ByteScan& fastest() { return kPortable; }

#endif

}  // namespace

// Starts as a constant, so a parser that runs in another file's initialiser finds a version that works.
constinit ByteScan byte_scan = kPortable;

namespace {
[[maybe_unused]] const bool kChosen = (byte_scan = fastest(), true);
}  // namespace

const ByteScan* find_byte_scan(const char* name) {
  if (std::strcmp(name, "portable") == 0) return &kPortable;
#if defined(__x86_64__)
  if (std::strcmp(name, "sse2") == 0) return &kSse2;
  if (std::strcmp(name, "avx2") == 0 && has_avx2()) return &kAvx2;
#endif
  return nullptr;
}

}  // namespace tierce::http
