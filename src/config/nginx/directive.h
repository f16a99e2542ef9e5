// The directives of nginx: where each may stand, with how many words, and what is made of it here. One row a directive;
// reader, -t, docs/nginx-directives.md and the checks against the real nginx all read the rows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tierce::config::nginx {

// Where a directive may stand; `if` is two of them.
enum class Context : std::uint16_t {
  kMain = 1,
  kEvents = 2,
  kHttp = 4,
  kServer = 8,
  kLocation = 16,
  kIfInServer = 32,
  kIfInLocation = 64,
  kLimitExcept = 128,
  kUpstream = 256,
  kMail = 512,     // Anywhere below mail {}.
  kStream = 1024,  // Anywhere below stream {}.
};
constexpr std::uint16_t operator|(Context a, Context b) {
  return static_cast<std::uint16_t>(static_cast<std::uint16_t>(a) | static_cast<std::uint16_t>(b));
}
constexpr std::uint16_t operator|(std::uint16_t a, Context b) {
  return static_cast<std::uint16_t>(a | static_cast<std::uint16_t>(b));
}

// What stands between its braces.
enum class Block : std::uint8_t {
  kNone,
  kDirectives,  // Of `inside`.
  kLines,       // Of its own language: types, map, geo ...
};

// What a directive of one word is read as: then a second one of the kind in the same block is an error.
enum class Value : std::uint8_t {
  kAny,
  kOnce,    // Anything, once.
  kFlag,    // on, off
  kNumber,  // Not negative.
  kSize,    // 8k, 1m
  kOffset,  // The same and 1g.
  kSeconds,
  kMilliseconds,
};

// nginx takes at most seven words as such; kMore is "and any number more".
constexpr std::uint16_t kMore = 1u << 15;
constexpr std::uint16_t words(int count) { return static_cast<std::uint16_t>(1u << count); }
// From `least` on.
constexpr std::uint16_t words_from(int least) { return static_cast<std::uint16_t>(kMore | (0xffu << least & 0xffu)); }

struct Directive {
  std::string_view name;
  std::uint16_t contexts = 0;
  std::uint16_t counts = 0;  // Of words behind the name: words(1) | words(2) ...
  Value value = Value::kAny;
  Block block = Block::kNone;
  // Of kDirectives: the context within, by where it stands; 0: `if`, whose inside depends on it.
  std::uint16_t inside = 0;
};

// All rows, by name.
std::span<const Directive> directives();
// Those of the name; several when their rules differ from place to place.
std::vector<const Directive*> directives_named(std::string_view name);
// "" when there is none near.
std::string_view nearest_directive(std::string_view name);

}  // namespace tierce::config::nginx
