#include "config/supervisord/expansion.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace tierce::config::supervisord {
namespace {

// A field wider than this is a typing error, and would be much memory.
constexpr int kWidthMax = 1000;

struct Spec {
  std::string name;
  bool zero = false;
  bool left = false;
  bool plus = false;
  int width = 0;
  char kind = 's';
};

std::string pad(std::string text, const Spec& spec, bool number) {
  if (number && spec.plus && !text.starts_with('-')) text.insert(0, "+");
  const auto width = static_cast<std::size_t>(spec.width);
  if (text.size() >= width) return text;
  const std::size_t missing = width - text.size();
  if (spec.left) return text.append(missing, ' ');
  if (!number || !spec.zero) return text.insert(0, missing, ' ');
  const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  return text.insert(sign, missing, '0');
}

class Expander {
 public:
  Expander(std::string_view text, const Expansions& known, std::string_view what)
      : text_(text), known_(known), what_(what) {}

  Result<std::string> run() {
    std::string out;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c != '%') {
        out.push_back(c);
        continue;
      }
      if (at_ < text_.size() && text_[at_] == '%') {
        out.push_back('%');
        ++at_;
        continue;
      }
      Spec spec;
      if (const char* wrong = read_spec(spec); wrong != nullptr) return refuse(wrong);
      auto value = value_of(spec);
      if (!value) return value;
      out += *value;
    }
    return out;
  }

 private:
  const char* read_spec(Spec& spec) {
    if (at_ >= text_.size()) return "incomplete format (a '%' that is meant is written '%%')";
    if (text_[at_] != '(') return "a '%' that is meant is written '%%'";
    const std::size_t close = text_.find(')', at_);
    if (close == std::string_view::npos) return "incomplete format key";
    spec.name = text_.substr(at_ + 1, close - at_ - 1);
    at_ = close + 1;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '0') {
        spec.zero = true;
      } else if (c == '-') {
        spec.left = true;
      } else if (c == '+') {
        spec.plus = true;
      } else if (c != ' ' && c != '#') {
        break;
      }
    }
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      spec.width = spec.width * 10 + (text_[at_] - '0');
      if (spec.width > kWidthMax) return "width too big";
    }
    if (at_ >= text_.size()) return "incomplete format";
    spec.kind = text_[at_++];
    return spec.kind == 's' || spec.kind == 'd' || spec.kind == 'i' || spec.kind == 'u'
               ? nullptr
               : "unsupported format character";
  }

  Result<std::string> value_of(const Spec& spec) const {
    if (const auto number = known_.numbers.find(spec.name); number != known_.numbers.end())
      return pad(std::to_string(number->second), spec, spec.kind != 's');
    const auto text = known_.texts.find(spec.name);
    if (text == known_.texts.end()) {
      std::set<std::string> names;
      for (const auto& [name, value] : known_.texts) names.insert(name);
      for (const auto& [name, value] : known_.numbers) names.insert(name);
      return fail(Error(
          fmt::format("Format string '{}' for '{}' contains names ('{}') which cannot be expanded. Available names: {}",
                      text_, what_, spec.name, fmt::join(names, ", "))));
    }
    if (spec.kind != 's') return refuse("%d format: a real number is required, not str");
    return pad(text->second, spec, false);
  }

  Failure<Error> refuse(const char* why) const {
    return fail(Error(fmt::format("Format string '{}' for '{}' is badly formatted: {}", text_, what_, why)));
  }

  std::string_view text_;
  const Expansions& known_;
  std::string_view what_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::string> expand(std::string_view text, const Expansions& known, std::string_view what) {
  return Expander(text, known, what).run();
}

}  // namespace tierce::config::supervisord
