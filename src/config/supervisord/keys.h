// Every section and key of supervisord's language: the one table that the reader, the check for misspelt keys
// and docs/supervisord-options.md are made from.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tierce::config::supervisord {

enum class SectionKind : std::uint8_t {
  kSupervisord,
  kUnixHttpServer,
  kInetHttpServer,
  kSupervisorctl,
  kInclude,
  kRpcInterface,
  kGroup,
  kProgram,
  kFcgiProgram,
  kEventListener,
};

// A bit for each section a key may stand in.
using Sections = std::uint32_t;
constexpr Sections in(SectionKind kind) { return 1u << static_cast<unsigned>(kind); }

struct KeyRow {
  std::string_view name;
  Sections sections;
  std::string_view type;      // For people: "boolean", "size", ...
  std::string_view fallback;  // What holds where the key is not given; "" for none.
  std::string_view help;
};

struct SectionRow {
  SectionKind kind;
  std::string_view name;  // "program": followed by ":NAME" where `named`.
  bool named;
};

std::span<const SectionRow> section_rows();
std::span<const KeyRow> key_rows();
// The kind of "[program:web]"; nullopt for a section that is not supervisord's.
std::optional<SectionKind> section_kind(std::string_view section);
const KeyRow* find_key(SectionKind kind, std::string_view key);
// The known key nearest to a misspelt one; "" when none is near.
std::string_view nearest_key(SectionKind kind, std::string_view key);
// docs/supervisord-options.md.
std::string options_reference();

}  // namespace tierce::config::supervisord
