// Conditional requests (RFC 9110 13) for a file with a time and an entity tag, decided as nginx decides them.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace tierce::http {

// nginx's: hexadecimal time and size.
std::string entity_tag(std::time_t modified, std::uint64_t bytes);

struct Validators {
  std::time_t modified = 0;
  std::string_view tag;  // With its quotes; "" when there is none.
};

// The fields of the request; "" for one that is not there.
struct Conditions {
  std::string_view if_match;
  std::string_view if_none_match;
  std::string_view if_modified_since;
  std::string_view if_unmodified_since;
  std::string_view if_range;
};

enum class ModifiedSince : std::uint8_t {
  kExact,   // nginx's default: any other time than the file's means modified.
  kBefore,  // nginx's "before", and uWSGI: a later one means not modified.
};

// 0: go on; 304 or 412.
int judge(const Conditions& conditions, const Validators& file, ModifiedSince rule);
// Whether a Range may be honoured.
bool range_applies(const Conditions& conditions, const Validators& file);

}  // namespace tierce::http
