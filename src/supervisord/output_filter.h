// What a program writes, on its way to the log: ANSI escapes taken out where that is wanted, and what stands between
// <!--XSUPERVISOR:BEGIN--> and <!--XSUPERVISOR:END--> kept apart as a message to listeners (capture mode).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tierce::supervisord {

class OutputFilter {
 public:
  // capture_max: 0 for no capture mode, else the most bytes of a message: of a longer one the end is kept.
  OutputFilter(bool strip_ansi, std::uint64_t capture_max) : strip_ansi_(strip_ansi), capture_max_(capture_max) {}

  using Sink = std::function<void(std::string_view)>;
  // `log` is called with what belongs to the log, `captured` with whole messages. Any slicing of the input
  // comes to the same.
  void feed(std::string_view bytes, const Sink& log, const Sink& captured);
  // The program has ended: what was held back in case it began a tag.
  void end(const Sink& log);

 private:
  void log_part(std::string_view bytes, const Sink& log);
  void keep(std::string_view bytes);

  // Where an escape sequence was cut.
  enum class Escape : std::uint8_t { kNone, kEsc, kSequence };

  bool strip_ansi_;
  std::uint64_t capture_max_;
  bool capturing_ = false;
  Escape escape_ = Escape::kNone;
  std::string held_;  // May be the beginning of a tag.
  std::string message_;
};

}  // namespace tierce::supervisord
