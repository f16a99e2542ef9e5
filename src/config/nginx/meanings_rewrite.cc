// return, rewrite, set, if, break: instructions, in the order of the file.
#include <fmt/format.h>

#include "config/nginx/interpreter.h"
#include "config/nginx/setting.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;

bool is_redirect(string_view text) {
  return text.starts_with("http://") || text.starts_with("https://") || text.starts_with("$scheme");
}

Done break_here(Interpreter&, Level& level, const Node&) {
  level.of_location->instructions.emplace_back(Break{});
  return {};
}

Done return_status(Interpreter& in, Level& level, const Node& node) {
  Return instruction;
  const auto status = parse_number(node.words[1]);
  const bool only_text = !status && node.words.size() == 2 && is_redirect(node.words[1]);
  if (!only_text && (!status || *status > 999))
    return fail(Error(fmt::format("invalid return code \"{}\"", node.words[1])));
  instruction.status = only_text ? 302 : static_cast<int>(*status);
  if (only_text || node.words.size() == 3) {
    auto text = in.text(node.words.back(), node.place);
    if (!text) return fail(std::move(text).error());
    instruction.text = std::move(*text);
    instruction.has_text = true;
  }
  level.of_location->instructions.emplace_back(std::move(instruction));
  return {};
}

Done rewrite(Interpreter& in, Level& level, const Node& node) {
  Rewrite instruction{.expression = {}, .replacement = {}};
  auto expression = in.expression(node.words[1], Regex::Case::kMatters);
  if (!expression) return fail(std::move(expression).error());
  instruction.expression = std::move(*expression);
  string_view replacement = node.words[2];
  if (replacement.empty()) return fail("empty replacement");
  if (is_redirect(replacement)) instruction.then = Rewrite::Then::kRedirect;
  if (node.words.size() == 4) {
    const std::string& flag = node.words[3];
    if (flag == "last") {
      instruction.then = Rewrite::Then::kLast;
    } else if (flag == "break") {
      instruction.then = Rewrite::Then::kBreak;
    } else if (flag == "redirect") {
      instruction.then = Rewrite::Then::kRedirect;
    } else if (flag == "permanent") {
      instruction.then = Rewrite::Then::kPermanent;
    } else {
      return fail(Error(fmt::format("invalid parameter \"{}\"", flag)));
    }
  }
  if (replacement.ends_with('?')) {
    instruction.drops_arguments = true;
    replacement.remove_suffix(1);
  }
  auto text = in.text(replacement, node.place);
  if (!text) return fail(std::move(text).error());
  instruction.replacement = std::move(*text);
  level.of_location->instructions.emplace_back(std::move(instruction));
  return {};
}

Done set(Interpreter& in, Level& level, const Node& node) {
  auto variable = in.define_variable(node.words[1]);
  if (!variable) return fail(std::move(variable).error());
  auto value = in.text(node.words[2], node.place);
  if (!value) return fail(std::move(value).error());
  level.of_location->instructions.emplace_back(Set{std::move(*variable), std::move(*value)});
  return {};
}

Failure<Error> invalid_condition(string_view word) {
  return fail(Error(fmt::format("invalid condition \"{}\"", word)));
}

// "$a = b": `operation` and `right` are missing when the variable stands alone.
Result<Condition> of_variable(Interpreter& in, Place place, string_view left, const string_view* operation,
                              string_view right) {
  Condition condition;
  auto variable = in.text(left, place);
  if (!variable) return fail(std::move(variable).error());
  condition.left = std::move(*variable);
  if (operation == nullptr) return condition;
  if (*operation == "=" || *operation == "!=") {
    auto text = in.text(right, place);
    if (!text) return fail(std::move(text).error());
    condition.kind = Condition::Kind::kEqual;
    condition.right = std::move(*text);
    condition.negated = *operation == "!=";
    return condition;
  }
  if (*operation == "~" || *operation == "~*" || *operation == "!~" || *operation == "!~*") {
    auto expression = in.expression(right, operation->ends_with('*') ? Regex::Case::kIgnored : Regex::Case::kMatters);
    if (!expression) return fail(std::move(expression).error());
    condition.kind = Condition::Kind::kMatches;
    condition.expression = std::move(*expression);
    condition.negated = operation->starts_with('!');
    return condition;
  }
  return fail(Error(fmt::format("unexpected \"{}\" in condition", *operation)));
}

// The words between the parentheses, which may stand by themselves or not.
Result<Condition> condition_of(Interpreter& in, const Node& node) {
  std::vector<string_view> words(node.words.begin() + 1, node.words.end());
  if (!words.front().starts_with('(')) return invalid_condition(words.front());
  if (words.front().size() == 1) {
    words.erase(words.begin());
  } else {
    words.front().remove_prefix(1);
  }
  if (words.empty()) return invalid_condition("(");
  if (!words.back().ends_with(')')) return invalid_condition(words.back());
  if (words.back().size() == 1) {
    if (words.size() == 1) return invalid_condition(")");
    words.pop_back();
  } else {
    words.back().remove_suffix(1);
  }
  const string_view first = words.front();
  if (first.size() > 1 && first.front() == '$') {
    if (words.size() != 1 && words.size() != 3) return invalid_condition(first);
    return of_variable(in, node.place, first, words.size() == 3 ? &words[1] : nullptr, words.back());
  }
  string_view test = first;
  const bool negated = test.size() == 3 && test.front() == '!';
  if (negated) test.remove_prefix(1);
  if (test.size() != 2 || test.front() != '-' || words.size() != 2) return invalid_condition(first);
  Condition condition{.negated = negated, .left = {}, .right = {}, .expression = {}};
  auto path = in.text(words.back(), node.place);
  if (!path) return fail(std::move(path).error());
  condition.left = std::move(*path);
  switch (test[1]) {
    case 'f':
      condition.kind = Condition::Kind::kFile;
      return condition;
    case 'd':
      condition.kind = Condition::Kind::kDirectory;
      return condition;
    case 'e':
      condition.kind = Condition::Kind::kExists;
      return condition;
    case 'x':
      condition.kind = Condition::Kind::kExecutable;
      return condition;
    default:
      return invalid_condition(first);
  }
}

Done if_block(Interpreter& in, Level& level, const Node& node) {
  auto condition = condition_of(in, node);
  if (!condition) return fail(std::move(condition).error());
  auto inside = std::make_unique<Location>();
  inside->place = node.place;
  Level inner = level;
  inner.context = level.context == Context::kServer ? Context::kIfInServer : Context::kIfInLocation;
  inner.location = &inside->settings;
  inner.of_location = inside.get();
  inner.server = nullptr;
  level.of_location->instructions.emplace_back(If{std::move(*condition), std::move(inside)});
  return in.block(node.block, inner);
}

}  // namespace

Meanings rewrite_meanings() {
  return {
      {.name = "return", .help = "Answers with a status, and a text or a place to go to.", .apply = return_status},
      {.name = "rewrite", .help = "Changes the path where an expression matches it.", .apply = rewrite},
      {.name = "set", .help = "Gives a variable a value.", .apply = set},
      {.name = "if", .help = "What holds when a condition does.", .apply = if_block},
      {.name = "break", .help = "Ends the instructions.", .apply = break_here},
  };
}

}  // namespace tierce::config::nginx
