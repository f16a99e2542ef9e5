// What `tierce check` has to say about one place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tierce::check {

enum class Severity : std::uint8_t { kNote, kWarning, kError };
std::string_view word_of(Severity severity);

struct Place {
  std::string file;
  int line = 0;  // 0: no line of it.
};

struct Finding {
  Severity severity = Severity::kWarning;
  std::string code;  // The heading in docs/check.md.
  Place place;
  std::string text;
  std::string suggestion;  // "" for none.
};

// "FILE:LINE: error: text (suggestion)"
std::string line_of(const Finding& finding);
// An array of objects, and a line end.
std::string json_of(const std::vector<Finding>& findings);

// A reader's message taken apart: "what in FILE:LINE" as nginx writes it, "FILE:LINE: what" as the others do, with
// "(did you mean x?)" as the suggestion. A message without a place is about `file`.
Finding finding_of_message(std::string_view message, std::string_view code, Severity severity, const std::string& file);

// "FILE:LINE" or "FILE"; nullopt for "".
std::optional<Place> place_of_text(std::string_view text);

// By file, line and severity, each once.
void put_in_order(std::vector<Finding>& findings);

}  // namespace tierce::check
