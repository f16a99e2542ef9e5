// What is made of a directive: how its words become a setting, what holds when nobody says it, how inner blocks
// inherit it. Where it may stand and with how many words says its row in directive.h. Rows in meanings_*.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/nginx/model.h"

namespace tierce::config::nginx {

using Done = Result<void>;

// Where in the file one is: what a directive acts upon. Pointers that do not apply there are null.
struct Level {
  Context context = Context::kMain;
  MainSettings* main = nullptr;
  HttpSettings* http = nullptr;
  ServerSettings* server = nullptr;
  LocationSettings* location = nullptr;
  UpstreamSettings* upstream = nullptr;
  Server* of_server = nullptr;
  Location* of_location = nullptr;
};

template <typename Settings>
Settings* settings_of(const Level& level) {
  if constexpr (std::is_same_v<Settings, MainSettings>) return level.main;
  if constexpr (std::is_same_v<Settings, HttpSettings>) return level.http;
  if constexpr (std::is_same_v<Settings, ServerSettings>) return level.server;
  if constexpr (std::is_same_v<Settings, LocationSettings>) return level.location;
  if constexpr (std::is_same_v<Settings, UpstreamSettings>) return level.upstream;
}

class Interpreter;
using Apply = Done (*)(Interpreter&, Level&, const Node&);

enum class Answer : std::uint8_t {
  kHonoured,
  kNoEffect,     // `help` says why; `apply`, where there is one, only looks at the words.
  kNotBuiltYet,  // An error that says so.
};

struct Meaning {
  std::string name;
  std::string help;
  Answer answer = Answer::kHonoured;
  Apply apply = nullptr;
  std::string fallback;  // As one would write it; "": nothing.
  // Whether the level says it; what it takes over from the one around it. Null when there is nothing to inherit.
  bool (*given)(const Level&) = nullptr;
  void (*inherit)(const Level& inner, const Level& outer) = nullptr;
};

// Of which part of the file: the same name means another thing in an upstream block.
enum class Area : std::uint8_t { kMain, kHttp, kUpstream };
Area area_of(std::uint16_t contexts);
// nullptr: nginx has the directive, tierce does not have it yet.
const Meaning* meaning_of(std::string_view name, Area area);
// All that are inherited within http, and have a value without being said.
const std::vector<Meaning>& http_meanings();

// Blocks whose meaning stands in another file than their row.
Done http_block(Interpreter& in, Level& level, const Node& node);
Done events_block(Interpreter& in, Level& level, const Node& node);
Done upstream_block(Interpreter& in, Level& level, const Node& node);

using Meanings = std::vector<Meaning>;
Meanings main_meanings();
Meanings block_meanings();
Meanings location_meanings();
Meanings server_meanings();
Meanings answer_meanings();
Meanings rewrite_meanings();
Meanings map_meanings();
Meanings log_meanings();
Meanings access_meanings();
Meanings compression_meanings();
Meanings passing_meanings();
Meanings tls_meanings();
Meanings no_effect_meanings();
Meanings upstream_meanings();

}  // namespace tierce::config::nginx
