// What single settings are made of.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/nginx/address.h"
#include "config/nginx/text_value.h"

namespace tierce::config::nginx {

using Flag = std::optional<bool>;
using Number = std::optional<std::int64_t>;
using Text = std::optional<std::string>;
using Words = std::vector<std::string>;
using Milliseconds = std::optional<std::chrono::milliseconds>;
using Seconds = std::optional<std::chrono::seconds>;

struct ByteCount {
  std::int64_t bytes = 0;
};
using Size = std::optional<ByteCount>;

struct Buffers {
  std::int64_t count = 0;
  std::int64_t bytes = 0;
};

// A value with its name and, of some directives, a third word: add_header, proxy_set_header, uwsgi_param.
struct NamedText {
  std::string name;
  TextValue value;
  bool always = false;        // add_header: on every status.
  bool if_not_empty = false;  // uwsgi_param and its kin.
};

// A word of a fixed set, for directives that take one of them.
template <typename Enum>
struct Choice {
  std::string_view word;
  Enum value;
};

}  // namespace tierce::config::nginx
