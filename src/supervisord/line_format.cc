#include "supervisord/line_format.h"

#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>

namespace tierce::supervisord {
namespace {

using config::supervisord::LogFormat;

constexpr std::size_t kLineMax = 64u << 10;

std::string local_time(std::uint64_t microseconds, const char* form) {
  const auto seconds = static_cast<std::time_t>(microseconds / 1'000'000);
  tm local{};
  ::localtime_r(&seconds, &local);
  char text[40];
  return {text, ::strftime(text, sizeof text, form, &local)};
}

// "+0100" as "+01:00".
std::string zone_of(std::uint64_t microseconds) {
  std::string zone = local_time(microseconds, "%z");
  if (zone.size() == 5) zone.insert(3, ":");
  return zone;
}

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

LineFormat::LineFormat(LogFormat format, std::string program, std::string stream, Clock clock)
    : format_(format), program_(std::move(program)), stream_(std::move(stream)), clock_(std::move(clock)) {}

void LineFormat::add_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::uint64_t now = clock_();
  const std::uint64_t millis = now / 1000 % 1000;
  if (format_ == LogFormat::kText) {
    out_ += fmt::format("{},{:03d} {} {}: {}\n", local_time(now, "%Y-%m-%d %H:%M:%S"), millis, program_, stream_, line);
    return;
  }
  out_ += fmt::format(R"({{"time":"{}.{:03d}{}","program":{},"pid":{},"stream":"{}","line":{}}})",
                      local_time(now, "%Y-%m-%dT%H:%M:%S"), millis, zone_of(now), json_text(program_), pid_, stream_,
                      json_text(line));
  out_ += '\n';
}

std::string_view LineFormat::feed(std::string_view bytes) {
  out_.clear();
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    if (end != std::string_view::npos && begun_.empty()) {
      add_line(bytes.substr(0, end));
    } else {
      begun_ += bytes.substr(0, end);
      if (end != std::string_view::npos || begun_.size() >= kLineMax) add_line(std::exchange(begun_, {}));
    }
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
  }
  return out_;
}

std::string_view LineFormat::end() {
  out_.clear();
  if (!begun_.empty()) add_line(std::exchange(begun_, {}));
  return out_;
}

}  // namespace tierce::supervisord
