#include "check/chain.h"

#include <charconv>

#include "config/uwsgi/option.h"

namespace tierce::check {

const config::uwsgi::Assignment* App::line_of(std::string_view option) const {
  const config::uwsgi::Option* wanted = config::uwsgi::find_resolved(option);
  const config::uwsgi::Assignment* found = nullptr;
  for (const auto& line : uwsgi.assignments) {
    if (wanted != nullptr && config::uwsgi::find_resolved(line.name) == wanted) found = &line;
  }
  return found;
}

std::optional<Place> App::place_of(std::string_view uwsgi_option, std::string_view gunicorn_setting) const {
  if (!gunicorn) {
    const auto* line = line_of(uwsgi_option);
    if (line == nullptr) return std::nullopt;
    return line->source.line == 0 ? start : Place{line->source.place, line->source.line};
  }
  const std::string_view place = gunicorn->place(gunicorn_setting);
  if (place.empty()) return std::nullopt;
  const std::size_t colon = place.rfind(':');
  Place found{std::string(place.substr(0, colon)), 0};
  if (colon == std::string_view::npos) return start;
  std::from_chars(place.data() + colon + 1, place.data() + place.size(), found.line);
  return found.line == 0 ? start : found;
}

void Chain::say(Severity severity, std::string code, Place place, std::string text, std::string suggestion) {
  place.file = image->shown(place.file);
  findings.push_back({severity, std::move(code), std::move(place), std::move(text), std::move(suggestion)});
}

Place Chain::place_in(const Edge& edge, config::nginx::Place place) const {
  const std::string& path = edge.reading.configuration.files[place.file].path;
  return {path.empty() ? edge.path : path, path.empty() ? 0 : static_cast<int>(place.line)};
}

Place Chain::place_of(const config::uwsgi::Source& source) const { return {source.place, source.line}; }

}  // namespace tierce::check
