// uWSGI's conditions and loops: if-env ... endif, for ... endfor. One at a time; they do not nest.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/uwsgi/assignment.h"
#include "config/uwsgi/surroundings.h"

namespace tierce::config::uwsgi {

enum class LogicWord { kNone, kIf, kFor, kElse, kEnd };
LogicWord logic_word(std::string_view name);

// What an open block does with the lines inside: once for each round, "%(_)" being its text, or not
// at all.
struct Block {
  LogicWord kind = LogicWord::kIf;
  Assignment opened_by;
  std::vector<std::optional<std::string>> rounds;  // None: %(_) stays as it is.
  std::optional<std::string> other_round;          // What `else` swaps in.
  bool in_else = false;
};

Result<Block> open_block(const Assignment& line, const std::vector<Assignment>& so_far, const Surroundings& around);
void turn_to_else(Block& block);

}  // namespace tierce::config::uwsgi
