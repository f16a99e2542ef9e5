#include "config/uwsgi/command_line.h"

#include <fmt/format.h>

#include "config/uwsgi/option.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;

Error unknown(string_view name) {
  const string_view near = nearest_option(name);
  return Error(near.empty() ? fmt::format("unknown option --{}", name)
                            : fmt::format("unknown option --{}: did you mean --{}?", name, near));
}

Result<const Option*> long_option(string_view name) {
  if (const Option* exact = find(name)) return exact;
  const Option* found = nullptr;
  for (const Option& row : all_options()) {
    if (!row.name.starts_with(name)) continue;
    if (found != nullptr) {
      return fail(Error(fmt::format("--{} is ambiguous: --{} or --{}", name, found->name, row.name)));
    }
    found = &row;
  }
  if (found == nullptr || name.empty()) return fail(unknown(name));
  return found;
}

bool needs_value(const Option& option) {
  return option.argument == Argument::kValue || option.argument == Argument::kText;
}

class Parser {
 public:
  explicit Parser(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  Result<CommandLine> parse() {
    for (; at_ < arguments_.size(); ++at_) {
      const string_view argument = arguments_[at_];
      if (argument == "--") {
        line_.words.insert(line_.words.end(), arguments_.begin() + static_cast<std::ptrdiff_t>(at_) + 1,
                           arguments_.end());
        break;
      }
      Result<void> done;
      if (argument.starts_with("--")) {
        done = take_long(argument.substr(2));
      } else if (argument.size() > 1 && argument.front() == '-') {
        done = take_letters(argument.substr(1));
      } else {
        line_.words.emplace_back(argument);
      }
      if (!done) return fail(std::move(done).error());
    }
    return std::move(line_);
  }

 private:
  Result<void> take_long(string_view text) {
    const std::size_t equals = text.find('=');
    auto option = long_option(text.substr(0, equals));
    if (!option) return fail(std::move(option).error());
    const string_view name = (*option)->name;
    if (equals != string_view::npos) {
      if ((*option)->argument == Argument::kFlag) return fail(Error(fmt::format("--{} takes no value", name)));
      line_.options.push_back({std::string(name), std::string(text.substr(equals + 1))});
      return {};
    }
    return take_with_next(**option);
  }

  Result<void> take_letters(string_view letters) {
    while (!letters.empty()) {
      const Option* option = find_letter(letters.front());
      if (option == nullptr) return fail(Error(fmt::format("unknown option -{}", letters.front())));
      letters.remove_prefix(1);
      if (option->argument != Argument::kFlag && !letters.empty()) {
        line_.options.push_back({std::string(option->name), std::string(letters)});
        return {};
      }
      if (auto done = take_with_next(*option); !done) return done;
    }
    return {};
  }

  Result<void> take_with_next(const Option& option) {
    if (!needs_value(option)) {
      line_.options.push_back({std::string(option.name), std::nullopt});
      return {};
    }
    if (++at_ >= arguments_.size()) return fail(Error(fmt::format("--{} needs a value", option.name)));
    line_.options.push_back({std::string(option.name), arguments_[at_]});
    return {};
  }

  const std::vector<std::string>& arguments_;
  std::size_t at_ = 0;
  CommandLine line_;
};

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments) { return Parser(arguments).parse(); }

}  // namespace tierce::config::uwsgi
