#include "config/supervisord/ini_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/line_mark.h"

namespace tierce::config::supervisord {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\v\f";

bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::size_t comment_start(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if ((line[i] == ';' || line[i] == '#') && (i == 0 || is_blank(line[i - 1]))) return i;
  }
  return std::string_view::npos;
}

class Reader {
 public:
  Reader(const std::string& file, std::vector<IniSection>& sections) : file_(file), sections_(sections) {}

  Result<void> line(std::string_view raw) {
    if (const auto marked = marked_place(raw)) {
      file_ = marked->file;
      number_ = marked->line - 1;
      made_ = true;
      return {};
    }
    ++number_;
    const std::size_t comment = made_ ? std::string_view::npos : comment_start(raw);
    const std::string_view text = trim(raw.substr(0, comment));
    if (text.empty()) {
      // An empty line belongs to the value; one with a comment does not.
      if (comment == std::string_view::npos && section_ != kNone && key_ != kNone) value().push_back('\n');
      return {};
    }
    const std::size_t indent = raw.find_first_not_of(kBlanks);
    if (section_ != kNone && key_ != kNone && indent > indent_) {
      value().append("\n").append(text);
      return {};
    }
    indent_ = indent;
    if (text.front() == '[' && text.find(']') != std::string_view::npos) return begin_section(text);
    if (section_ == kNone)
      return refuse(fmt::format("\"{}\" stands before any [section]: put it below one", std::string(text)));
    return read_key(text);
  }

  void end() {
    for (IniSection& section : sections_) {
      for (IniKey& key : section.keys) {
        while (!key.value.empty() && is_blank(key.value.back())) key.value.pop_back();
      }
    }
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::string& value() { return sections_[section_].keys[key_].value; }

  Failure<Error> refuse(const std::string& why) const {
    return fail(Error(fmt::format("{}:{}: {}", file_, number_, why)));
  }

  Result<void> begin_section(std::string_view text) {
    const std::string_view name = text.substr(1, text.find(']') - 1);
    if (name.empty()) return refuse("a section without a name");
    const auto found = std::find_if(sections_.begin(), sections_.end(), [&](const auto& s) { return s.name == name; });
    section_ = static_cast<std::size_t>(found - sections_.begin());
    if (found == sections_.end()) sections_.push_back({std::string(name), {file_, number_}, {}});
    key_ = kNone;
    return {};
  }

  Result<void> read_key(std::string_view text) {
    const std::size_t sign = text.find_first_of("=:");
    if (sign == std::string_view::npos)
      return refuse(fmt::format("\"{}\" is neither a [section] nor key=value", std::string(text)));
    std::string name(trim(text.substr(0, sign)));
    if (name.empty()) return refuse("a value without a key");
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    auto& keys = sections_[section_].keys;
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.name == name; });
    key_ = static_cast<std::size_t>(found - keys.begin());
    if (found == keys.end()) keys.push_back({name, {}, {}});
    keys[key_].value = trim(text.substr(sign + 1));
    keys[key_].place = {file_, number_};
    return {};
  }

  std::string file_;
  std::vector<IniSection>& sections_;
  int number_ = 0;
  bool made_ = false;  // Of another text, which had comments of its own: there are none here.
  std::size_t section_ = kNone;
  std::size_t key_ = kNone;
  std::size_t indent_ = 0;
};

}  // namespace

const IniKey* IniSection::find(std::string_view key) const {
  for (const IniKey& candidate : keys) {
    if (candidate.name == key) return &candidate;
  }
  return nullptr;
}

Result<void> read_ini(std::string_view text, const std::string& file, std::vector<IniSection>& sections) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Reader reader(file, sections);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (auto read = reader.line(text.substr(0, end)); !read) return read;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  reader.end();
  return {};
}

}  // namespace tierce::config::supervisord
