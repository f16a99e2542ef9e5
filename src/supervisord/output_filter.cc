#include "supervisord/output_filter.h"

#include <algorithm>

namespace tierce::supervisord {
namespace {

constexpr std::string_view kBegin = "<!--XSUPERVISOR:BEGIN-->";
constexpr std::string_view kEnd = "<!--XSUPERVISOR:END-->";

// How many bytes at the end of `text` may be the beginning of `tag`.
std::size_t overlap(std::string_view text, std::string_view tag) {
  for (std::size_t length = std::min(text.size(), tag.size() - 1); length > 0; --length) {
    if (text.ends_with(tag.substr(0, length))) return length;
  }
  return 0;
}

}  // namespace

void OutputFilter::log_part(std::string_view bytes, const Sink& log) {
  if (bytes.empty()) return;
  if (!strip_ansi_) return log(bytes);
  std::string plain;
  for (const char c : bytes) {
    switch (escape_) {
      case Escape::kNone:
        if (c == '\x1b') {
          escape_ = Escape::kEsc;
        } else {
          plain.push_back(c);
        }
        break;
      case Escape::kEsc:
        // Only "ESC [ ... letter" is a sequence; anything else stays as it came.
        if (c == '[') {
          escape_ = Escape::kSequence;
        } else {
          plain.push_back('\x1b');
          escape_ = Escape::kNone;
          if (c == '\x1b') {
            escape_ = Escape::kEsc;
          } else {
            plain.push_back(c);
          }
        }
        break;
      case Escape::kSequence:
        if (c >= '@' && c <= '~') escape_ = Escape::kNone;
        break;
    }
  }
  if (!plain.empty()) log(plain);
}

void OutputFilter::keep(std::string_view bytes) {
  message_ += bytes;
  if (message_.size() > capture_max_) message_.erase(0, message_.size() - capture_max_);
}

void OutputFilter::feed(std::string_view bytes, const Sink& log, const Sink& captured) {
  if (capture_max_ == 0) return log_part(bytes, log);
  held_ += bytes;
  while (true) {
    const std::string_view tag = capturing_ ? kEnd : kBegin;
    const std::size_t at = held_.find(tag);
    const std::size_t sure = at != std::string::npos ? at : held_.size() - overlap(held_, tag);
    const std::string_view part = std::string_view(held_).substr(0, sure);
    if (capturing_) {
      keep(part);
    } else {
      log_part(part, log);
    }
    if (at == std::string::npos) {
      held_.erase(0, sure);
      return;
    }
    held_.erase(0, at + tag.size());
    if (capturing_) {
      captured(message_);
      message_.clear();
    }
    capturing_ = !capturing_;
  }
}

void OutputFilter::end(const Sink& log) {
  if (!capturing_) log_part(held_, log);
  held_.clear();
}

}  // namespace tierce::supervisord
