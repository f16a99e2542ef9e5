#include "edge/line_encoder.h"

#include <fmt/format.h>

#include <ctime>
#include <iterator>

namespace tierce::edge {
namespace {

constexpr std::string_view kTime = "strftime:";

}  // namespace

Result<LineEncoder> LineEncoder::parse(std::string_view text) {
  LineEncoder encoder;
  const std::size_t blank = std::min(text.find(' '), text.size());
  const std::string_view name = text.substr(0, blank);
  encoder.text_ = text.substr(std::min(blank + 1, text.size()));
  if (name == "nl") return encoder;
  if (name == "prefix" || name == "suffix") {
    encoder.kind_ = name == "prefix" ? Kind::kPrefix : Kind::kSuffix;
    return encoder;
  }
  if (name != "format" && name != "json") return fail(Error(fmt::format("'{}': there is no such encoder", name)));
  encoder.kind_ = name == "format" ? Kind::kFormat : Kind::kJson;
  std::string_view rest = encoder.text_;
  while (!rest.empty()) {
    const std::size_t open = rest.find("${");
    const std::size_t close = open == std::string_view::npos ? open : rest.find('}', open);
    if (close == std::string_view::npos) break;
    if (open > 0) encoder.parts_.push_back({false, std::string(rest.substr(0, open))});
    encoder.parts_.push_back({true, std::string(rest.substr(open + 2, close - open - 2))});
    rest.remove_prefix(close + 1);
  }
  if (!rest.empty()) encoder.parts_.push_back({false, std::string(rest)});
  return encoder;
}

void LineEncoder::add_text(std::string_view text) {
  if (kind_ != Kind::kJson) {
    made_ += text;
    return;
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      made_ += '\\';
      made_ += c;
    } else if (c == '\n') {
      made_ += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(made_), "\\u{:04x}", byte);
    } else {
      made_ += c;
    }
  }
}

void LineEncoder::add_variable(const std::string& name, std::string_view line, std::uint64_t now_us) {
  const auto out = std::back_inserter(made_);
  if (name == "msgnl") return add_text(line);
  if (name == "msg") return add_text(line.ends_with('\n') ? line.substr(0, line.size() - 1) : line);
  if (name == "unix") {
    fmt::format_to(out, "{}", now_us / 1'000'000);
  } else if (name == "micros") {
    fmt::format_to(out, "{}", now_us);
  } else if (name == "millis") {
    fmt::format_to(out, "{}", now_us / 1'000);
  } else if (name.starts_with(kTime)) {
    const auto now = static_cast<std::time_t>(now_us / 1'000'000);
    std::tm local{};
    ::localtime_r(&now, &local);
    char text[64];
    add_text({text, std::strftime(text, sizeof text, name.c_str() + kTime.size(), &local)});
  }
}

void LineEncoder::apply(std::string& lines, std::size_t begin, std::uint64_t now_us) {
  switch (kind_) {
    case Kind::kPrefix:
      lines.insert(begin, text_);
      return;
    case Kind::kSuffix:
      lines += text_;
      return;
    case Kind::kLineEnd:
      lines += '\n';
      return;
    case Kind::kFormat:
    case Kind::kJson:
      break;
  }
  made_.clear();
  const std::string_view line = std::string_view(lines).substr(begin);
  for (const Part& part : parts_) {
    if (part.variable) {
      add_variable(part.text, line, now_us);
    } else {
      made_ += part.text;
    }
  }
  lines.replace(begin, std::string::npos, made_);
}

}  // namespace tierce::edge
