#include "base/getopt.h"

namespace tierce {
namespace {

Result<const OptionRow*> find_long(std::string_view name, std::span<const OptionRow> rows) {
  const OptionRow* found = nullptr;
  for (const OptionRow& row : rows) {
    if (row.name == name) return &row;
    if (!row.name.starts_with(name)) continue;
    if (found != nullptr) return fail(Error("option --" + std::string(name) + " not a unique prefix"));
    found = &row;
  }
  if (found == nullptr) return fail(Error("option --" + std::string(name) + " not recognized"));
  return found;
}

const OptionRow* find_short(char letter, std::span<const OptionRow> rows) {
  for (const OptionRow& row : rows) {
    if (row.letter == letter) return &row;
  }
  return nullptr;
}

class Reader {
 public:
  Reader(const std::vector<std::string>& arguments, std::span<const OptionRow> rows)
      : arguments_(arguments), rows_(rows) {}

  Result<GivenOptions> run() {
    for (; at_ < arguments_.size(); ++at_) {
      const std::string& word = arguments_[at_];
      if (word == "--") {
        ++at_;
        break;
      }
      if (word.size() < 2 || word[0] != '-') break;
      auto read = word[1] == '-' ? read_long(word) : read_shorts(word);
      if (!read) return fail(std::move(read).error());
    }
    given_.words.assign(arguments_.begin() + static_cast<std::ptrdiff_t>(at_), arguments_.end());
    return std::move(given_);
  }

 private:
  Result<void> read_long(const std::string& word) {
    const std::size_t sign = word.find('=');
    const std::string name = word.substr(2, sign == std::string::npos ? sign : sign - 2);
    auto row = find_long(name, rows_);
    if (!row) return fail(std::move(row).error());
    std::string value;
    if ((*row)->takes_value) {
      if (sign == std::string::npos && at_ + 1 >= arguments_.size())
        return fail(Error("option --" + name + " requires argument"));
      value = sign != std::string::npos ? word.substr(sign + 1) : arguments_[++at_];
    } else if (sign != std::string::npos) {
      return fail(Error("option --" + name + " must not have an argument"));
    }
    given_.options.push_back({(*row)->name, std::move(value)});
    return {};
  }

  Result<void> read_shorts(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const OptionRow* row = find_short(word[i], rows_);
      if (row == nullptr) return fail(Error("option -" + word.substr(i, 1) + " not recognized"));
      if (!row->takes_value) {
        given_.options.push_back({row->name, ""});
        continue;
      }
      std::string value = word.substr(i + 1);
      if (value.empty()) {
        if (at_ + 1 >= arguments_.size()) return fail(Error("option -" + word.substr(i, 1) + " requires argument"));
        value = arguments_[++at_];
      }
      given_.options.push_back({row->name, std::move(value)});
      break;
    }
    return {};
  }

  const std::vector<std::string>& arguments_;
  std::span<const OptionRow> rows_;
  std::size_t at_ = 0;
  GivenOptions given_;
};

}  // namespace

Result<GivenOptions> read_options(const std::vector<std::string>& arguments, std::span<const OptionRow> rows) {
  return Reader(arguments, rows).run();
}

}  // namespace tierce
