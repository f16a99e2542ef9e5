#include "check/dockerfile.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/supervisord/words.h"

namespace tierce::check {
namespace {

using std::string_view;

string_view trimmed(string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

std::string upper(string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::toupper(c); });
  return out;
}

struct Instruction {
  std::string name;  // In capitals.
  std::string rest;
  int line = 0;
  bool broken = false;
};

// A JSON list that is closed; words for one that is none.
bool is_open_list(string_view text) { return text.starts_with('[') && !text.ends_with(']'); }

std::vector<Instruction> instructions_of(string_view text) {
  std::vector<Instruction> all;
  std::istringstream stream{std::string(text)};
  bool continued = false;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    string_view words = trimmed(line);
    if (words.empty() || words.starts_with('#')) continue;
    const bool list = !all.empty() && is_open_list(trimmed(all.back().rest));
    const bool goes_on = words.ends_with('\\');
    if (goes_on) words = trimmed(words.substr(0, words.size() - 1));
    if (continued || list) {
      all.back().rest.append(" ").append(words);
      all.back().broken = all.back().broken || !continued;
    } else {
      const std::size_t end = std::min(words.find_first_of(" \t"), words.size());
      all.push_back({upper(words.substr(0, end)), std::string(trimmed(words.substr(end))), number, false});
    }
    continued = goes_on;
  }
  return all;
}

std::vector<std::string> list_or_words(string_view text) {
  std::vector<std::string> words;
  const auto list = nlohmann::json::parse(text, nullptr, false);
  if (list.is_array()) {
    for (const auto& word : list) {
      if (word.is_string()) words.push_back(word.get<std::string>());
    }
    return words;
  }
  std::istringstream stream{std::string(text)};
  for (std::string word; stream >> word;) words.push_back(std::move(word));
  return words;
}

std::vector<std::string> command_of(const std::string& text) {
  if (trimmed(text).starts_with('[')) return list_or_words(text);
  return {"/bin/sh", "-c", text};
}

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// "tini -- COMMAND", "sh -c 'exec COMMAND'": COMMAND.
std::vector<std::string> without_starters(std::vector<std::string> words) {
  if (!words.empty() && (last_part(words[0]) == "tini" || last_part(words[0]) == "dumb-init")) {
    words.erase(words.begin());
    while (!words.empty() && words[0].starts_with('-')) words.erase(words.begin());
  }
  const bool shell = words.size() == 3 && (last_part(words[0]) == "sh" || last_part(words[0]) == "bash") &&
                     words[1] == "-c" && words[2].find_first_of("$`&|;<>()\n") == std::string::npos;
  if (!shell) return words;
  auto inner = config::supervisord::split_command(words[2]);
  if (!inner || inner->empty()) return words;
  if (inner->front() == "exec") inner->erase(inner->begin());
  return std::move(*inner);
}

std::string absolute(const std::string& directory, const std::string& path) {
  if (path.starts_with('/')) return path;
  const bool is_directory = path == "." || path.ends_with('/') || path.ends_with("/.");
  string_view rest = path;
  while (rest.starts_with("./")) rest.remove_prefix(2);
  if (rest == ".") rest = "";
  std::string out = directory + (directory.ends_with('/') ? "" : "/") + std::string(rest);
  if (is_directory && !out.ends_with('/')) out += '/';
  return out;
}

class Reader {
 public:
  Dockerfile read(string_view text) {
    for (const Instruction& instruction : instructions_of(text)) take(instruction);
    made_.command = entrypoint_;
    // The shell form of ENTRYPOINT takes no CMD.
    if (entrypoint_.empty() || entrypoint_.front() != "/bin/sh")
      made_.command.insert(made_.command.end(), command_.begin(), command_.end());
    made_.command = without_starters(std::move(made_.command));
    return std::move(made_);
  }

 private:
  void take(const Instruction& each) {
    if (each.name == "FROM") {
      from(each);
    } else if (each.name == "WORKDIR") {
      made_.directory = absolute(made_.directory, each.rest);
      stages_[stage_] = made_;
    } else if (each.name == "USER") {
      made_.user = each.rest;
    } else if (each.name == "COPY" || each.name == "ADD") {
      copy(each);
    } else if (each.name == "CMD" || each.name == "ENTRYPOINT") {
      (each.name == "CMD" ? command_ : entrypoint_) = command_of(each.rest);
      made_.command_line = each.line;
      made_.command_broken = each.broken;
    }
  }

  void from(const Instruction& each) {
    std::vector<std::string> words = list_or_words(each.rest);
    std::erase_if(words, [](const std::string& word) { return word.starts_with("--"); });
    stages_[stage_] = std::move(made_);
    made_ = {};
    command_.clear();
    entrypoint_.clear();
    if (words.empty()) return;
    if (const auto base = stages_.find(words[0]); base != stages_.end()) made_ = base->second;
    stage_ = words.size() > 2 ? words[2] : "";
  }

  void copy(const Instruction& each) {
    std::string_view rest = each.rest;
    while (rest.starts_with("--")) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      if (rest.starts_with("--from=")) return;
      rest = trimmed(rest.substr(end));
    }
    std::vector<std::string> words = list_or_words(rest);
    if (words.size() < 2) return;
    Dockerfile::Copy made{.sources = {}, .destination = absolute(made_.directory, words.back()), .line = each.line};
    words.pop_back();
    std::erase_if(words, [](const std::string& word) { return word.find("://") != std::string::npos; });
    if (words.size() > 1 && !made.destination.ends_with('/')) made.destination += '/';
    made.sources = std::move(words);
    made_.copies.push_back(std::move(made));
  }

  Dockerfile made_;
  std::string stage_;
  std::map<std::string, Dockerfile> stages_;
  std::vector<std::string> entrypoint_, command_;
};

}  // namespace

Dockerfile read_dockerfile(string_view text) { return Reader().read(text); }

}  // namespace tierce::check
