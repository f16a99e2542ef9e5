#include "check/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <tuple>

namespace tierce::check {
namespace {

using std::string_view;

std::optional<int> line_number(string_view text) {
  int line = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), line);
  if (error != std::errc() || end != text.data() + text.size() || line <= 0) return std::nullopt;
  return line;
}

// "what in FILE:LINE"
bool split_behind(string_view message, Finding& finding) {
  const std::size_t colon = message.rfind(':');
  const std::size_t in = message.rfind(" in ");
  if (colon == string_view::npos || in == string_view::npos || colon < in) return false;
  const auto line = line_number(message.substr(colon + 1));
  if (!line) return false;
  finding.place = {std::string(message.substr(in + 4, colon - in - 4)), *line};
  finding.text = message.substr(0, in);
  return true;
}

// "FILE:LINE: what"
bool split_before(string_view message, Finding& finding) {
  for (std::size_t end = message.find(": "); end != string_view::npos; end = message.find(": ", end + 2)) {
    const string_view place = message.substr(0, end);
    const std::size_t colon = place.rfind(':');
    if (colon == string_view::npos) continue;
    const auto line = line_number(place.substr(colon + 1));
    if (!line) continue;
    // Whatever stands before the place said what was being done.
    const std::size_t blank = place.rfind(": ", colon);
    const std::size_t begin = blank == string_view::npos ? 0 : blank + 2;
    finding.place = {std::string(place.substr(begin, colon - begin)), *line};
    finding.text = message.substr(end + 2);
    return true;
  }
  return false;
}

void take_suggestion(Finding& finding) {
  const std::size_t begin = finding.text.find("did you mean ");
  if (begin == std::string::npos) return;
  const std::size_t end = finding.text.find('?', begin);
  if (end == std::string::npos) return;
  finding.suggestion = finding.text.substr(begin, end + 1 - begin);
  std::size_t from = begin, to = end + 1;
  // "(did you mean x?)" and ": did you mean x?"
  if (from > 0 && finding.text[from - 1] == '(') --from;
  if (to < finding.text.size() && finding.text[to] == ')') ++to;
  while (from > 0 && (finding.text[from - 1] == ' ' || finding.text[from - 1] == ':')) --from;
  finding.text.erase(from, to - from);
}

}  // namespace

string_view word_of(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "";
}

std::string line_of(const Finding& finding) {
  return fmt::format("{}{}: {}: {}{}", finding.place.file,
                     finding.place.line == 0 ? "" : fmt::format(":{}", finding.place.line), word_of(finding.severity),
                     finding.text, finding.suggestion.empty() ? "" : fmt::format(" ({})", finding.suggestion));
}

std::string json_of(const std::vector<Finding>& findings) {
  auto all = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    all.push_back({{"severity", word_of(finding.severity)},
                   {"code", finding.code},
                   {"file", finding.place.file},
                   {"line", finding.place.line},
                   {"text", finding.text},
                   {"suggestion", finding.suggestion}});
  }
  // Files may hold bytes that are no UTF-8.
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Finding finding_of_message(string_view message, string_view code, Severity severity, const std::string& file) {
  Finding finding{.severity = severity, .code = std::string(code), .place = {file}, .text = {}, .suggestion = {}};
  if (!split_behind(message, finding) && !split_before(message, finding)) finding.text = message;
  take_suggestion(finding);
  return finding;
}

std::optional<Place> place_of_text(string_view text) {
  if (text.empty()) return std::nullopt;
  const std::size_t colon = text.rfind(':');
  const auto line = colon == string_view::npos ? std::nullopt : line_number(text.substr(colon + 1));
  if (!line) return Place{std::string(text), 0};
  return Place{std::string(text.substr(0, colon)), *line};
}

void put_in_order(std::vector<Finding>& findings) {
  const auto key = [](const Finding& f) {
    return std::make_tuple(std::string_view(f.place.file), f.place.line, -static_cast<int>(f.severity));
  };
  std::stable_sort(findings.begin(), findings.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  const auto last = std::unique(findings.begin(), findings.end(),
                                [](const auto& a, const auto& b) { return line_of(a) == line_of(b); });
  findings.erase(last, findings.end());
}

}  // namespace tierce::check
