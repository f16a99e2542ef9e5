#include "config/nginx/normal_path.h"

namespace tierce::config::nginx {
namespace {

std::optional<unsigned> hex(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char letter = static_cast<char>(c | 0x20);
  if (letter >= 'a' && letter <= 'f') return static_cast<unsigned>(letter - 'a' + 10);
  return std::nullopt;
}

// Takes the segments as they end: `out` always begins with a slash.
class Segments {
 public:
  explicit Segments(Slashes slashes) : slashes_(slashes) {}

  void put(char c) { out_ += c; }
  // A slash, or the end. False: above the root.
  bool end(bool with_slash) {
    const std::size_t begin = out_.rfind('/') + 1;
    const std::string_view segment = std::string_view(out_).substr(begin);
    if (segment == ".") {
      out_.resize(begin);
      return true;
    }
    if (segment == "..") {
      if (begin < 2) return false;
      out_.resize(out_.rfind('/', begin - 2) + 1);
      return true;
    }
    if (with_slash && (!segment.empty() || slashes_ == Slashes::kKept)) out_ += '/';
    return true;
  }
  std::string take() { return std::move(out_); }

 private:
  Slashes slashes_;
  std::string out_ = "/";
};

}  // namespace

std::optional<NormalPath> normal_path(std::string_view target, Slashes slashes) {
  Segments segments(slashes);
  NormalPath normal;
  for (std::size_t at = 1; at < target.size(); ++at) {
    char c = target[at];
    bool plain = false;  // An escaped '%', '#' or '?' is a letter like others.
    if (c == '%') {
      if (at + 2 >= target.size()) return std::nullopt;
      const auto high = hex(target[at + 1]), low = hex(target[at + 2]);
      if (!high || !low) return std::nullopt;
      c = static_cast<char>(*high << 4 | *low);
      if (c == '\0') return std::nullopt;
      plain = c == '%' || c == '#' || c == '?';
      at += 2;
    }
    if (!plain && c == '?') {
      normal.arguments = target.substr(at + 1);
      normal.arguments = normal.arguments.substr(0, normal.arguments.find('#'));
      break;
    }
    if (!plain && c == '#') break;
    if (c != '/') {
      segments.put(c);
    } else if (!segments.end(true)) {
      return std::nullopt;
    }
  }
  if (!segments.end(false)) return std::nullopt;
  normal.path = segments.take();
  return normal;
}

}  // namespace tierce::config::nginx
