#include "config/uwsgi/placeholders.h"

#include <fmt/format.h>

#include <functional>
#include <optional>

#include "config/uwsgi/written_value.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;

// A value that doubles itself in every line would fill the memory.
constexpr std::size_t kValueBytesMax = 1u << 20;

// What is between "X(" and the next ")", for every such place.
std::vector<std::string> names_in(string_view text, char sign) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    if (text[at] != sign || text[at + 1] != '(') continue;
    const std::size_t end = text.find(')', at + 2);
    if (end == string_view::npos) break;
    names.emplace_back(text.substr(at + 2, end - at - 2));
    at = end;
  }
  return names;
}

std::vector<std::string> words_in(string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::int64_t calculate(std::int64_t left, char operation, std::int64_t right) {
  // Unsigned, so that a number that is too large wraps around instead of being undefined.
  const auto a = static_cast<std::uint64_t>(left);
  const auto b = static_cast<std::uint64_t>(right);
  switch (operation) {
    case '+':
      return static_cast<std::int64_t>(a + b);
    case '-':
      return static_cast<std::int64_t>(a - b);
    case '*':
      return static_cast<std::int64_t>(a * b);
    default:
      return right == 0 || right == -1 ? static_cast<std::int64_t>(0 - (right == 0 ? 0 : a)) : left / right;
  }
}

// From left to right, no precedence: "a + 1", "a ++", "2 * b". What is no operation joins two words.
std::string evaluate(const std::vector<std::string>& words,
                     const std::function<std::string(const std::string&)>& value) {
  std::string result = value(words.front());
  for (std::size_t at = 1; at < words.size(); ++at) {
    const std::string& operation = words[at];
    if (operation == "++" || operation == "--") {
      result = std::to_string(calculate(number_of(result).value, operation[0], 1));
      continue;
    }
    if (++at == words.size()) break;
    const std::string right = value(words[at]);
    if (operation.size() == 1 && string_view("+-*/").find(operation[0]) != string_view::npos) {
      result = std::to_string(calculate(number_of(result).value, operation[0], number_of(right).value));
    } else {
      result += right;
    }
  }
  return result;
}

using Lookup = std::function<Result<std::optional<std::string>>(const std::string& name)>;

Result<void> replace_one(Assignment& assignment, char sign, const Lookup& lookup) {
  if (assignment.settled || !assignment.value) return {};
  for (const std::string& name : names_in(*assignment.value, sign)) {
    auto with = lookup(name);
    if (!with) return fail(std::move(with).error().during(assignment.source.text() + ": " + assignment.name));
    if (!*with) continue;
    replace_all(*assignment.value, fmt::format("{}({})", sign, name), **with);
    if (assignment.value->size() > kValueBytesMax) {
      return fail(Error(fmt::format("{}: {}: the value is longer than {} bytes", assignment.source.text(),
                                    assignment.name, kValueBytesMax)));
    }
  }
  return {};
}

Result<std::optional<std::string>> file_text(const std::string& name, const Surroundings& surroundings) {
  if (const std::size_t scheme = name.find("://"); scheme != std::string::npos) {
    return fail(Error(fmt::format("@({}) is not supported: only files can be read into a value", name)));
  }
  auto text = surroundings.read_file(name);
  if (!text) return fail(std::move(text).error());
  if (text->ends_with('\n')) text->pop_back();
  return std::optional(std::move(*text));
}

}  // namespace

void replace_all(std::string& text, string_view what, string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    if (text.size() > kValueBytesMax) return;
    text.replace(at, what.size(), with);
  }
}

std::vector<std::string> placeholders_in(string_view text) {
  std::vector<std::string> all;
  for (const std::string& name : names_in(text, '%')) {
    for (std::string& word : words_in(name)) all.push_back(std::move(word));
  }
  return all;
}

Result<void> replace_placeholders(std::vector<Assignment>& assignments, const Surroundings& surroundings) {
  const Lookup environment = [&](const std::string& name) -> Result<std::optional<std::string>> {
    return surroundings.environment(name);
  };
  const Lookup file = [&](const std::string& name) { return file_text(name, surroundings); };
  const auto given = [&](const std::string& name) -> std::optional<std::string> {
    const Assignment* found = find_first(assignments, name);
    return found == nullptr ? std::nullopt : found->value;
  };
  const Lookup option = [&](const std::string& name) -> Result<std::optional<std::string>> {
    const std::vector<std::string> words = words_in(name);
    if (words.size() < 2) return given(name);
    return std::optional(evaluate(words, [&](const std::string& word) { return given(word).value_or(word); }));
  };
  struct Pass {
    char sign;
    const Lookup& lookup;
  };
  for (const Pass& pass : {Pass{'$', environment}, Pass{'@', file}, Pass{'%', option}}) {
    for (Assignment& assignment : assignments) {
      if (auto replaced = replace_one(assignment, pass.sign, pass.lookup); !replaced) return replaced;
    }
  }
  return {};
}

}  // namespace tierce::config::uwsgi
