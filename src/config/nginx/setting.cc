#include "config/nginx/setting.h"

#include <strings.h>

namespace tierce::config::nginx {
namespace {

Failure<Error> invalid(const Node& node) {
  return fail(Error(fmt::format("\"{}\" directive invalid value", node.words.front())));
}

}  // namespace

Done check_levels(const Node& node) {
  constexpr std::int64_t kMost = 10;  // nginx's.
  std::int64_t characters = 0;
  for (std::size_t i = 2; i < node.words.size(); ++i) {
    const std::int64_t level = parse_number(node.words[i]).value_or(0);
    characters = level > 0 && level <= kMost ? characters + level : kMost + 1;
    if (characters > kMost) return fail(Error(fmt::format("\"{}\" directive invalid value", node.words.front())));
  }
  return {};
}

Done take(Interpreter&, const Node& node, Flag& into) {
  if (auto done = check_value(Value::kFlag, node.words.front(), node.words[1]); !done) return done;
  into = ::strcasecmp(node.words[1].c_str(), "on") == 0;
  return {};
}

Done take(Interpreter&, const Node& node, Number& into) {
  const auto number = parse_number(node.words[1]);
  if (!number) return fail(Error(fmt::format("\"{}\" directive invalid number", node.words.front())));
  into = *number;
  return {};
}

Done take(Interpreter&, const Node& node, Text& into) {
  into = node.words[1];
  return {};
}

Done take(Interpreter&, const Node& node, Words& into) {
  into.insert(into.end(), node.words.begin() + 1, node.words.end());
  return {};
}

Done take(Interpreter&, const Node& node, Size& into) {
  const auto size = parse_size(node.words[1], true);
  if (!size) return invalid(node);
  into = ByteCount{*size};
  return {};
}

Done take(Interpreter&, const Node& node, Milliseconds& into) {
  const auto time = parse_time(node.words[1], true);
  if (!time) return invalid(node);
  into = std::chrono::milliseconds(*time);
  return {};
}

Done take(Interpreter&, const Node& node, Seconds& into) {
  const auto time = parse_time(node.words[1], false);
  if (!time) return invalid(node);
  into = std::chrono::seconds(*time);
  return {};
}

Done take(Interpreter&, const Node& node, std::optional<Buffers>& into) {
  if (into) return fail(Error(fmt::format("\"{}\" directive is duplicate", node.words.front())));
  const auto count = parse_number(node.words[1]);
  const auto bytes = parse_size(node.words[2], false);
  if (!count || *count == 0 || !bytes || *bytes == 0) return invalid(node);
  into = Buffers{*count, *bytes};
  return {};
}

Done take(Interpreter& in, const Node& node, std::optional<TextValue>& into) {
  auto text = in.text(node.words[1], node.place);
  if (!text) return fail(std::move(text).error());
  into = std::move(*text);
  return {};
}

Done take(Interpreter& in, const Node& node, std::vector<TextValue>& into) {
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    auto text = in.text(node.words[i], node.place);
    if (!text) return fail(std::move(text).error());
    into.push_back(std::move(*text));
  }
  return {};
}

void warn_of_low_bits(Interpreter& in, Place place, const std::string& network) {
  if (has_low_bits(network)) in.warn(place, fmt::format("low address bits of {} are meaningless", network));
}

Done take(Interpreter& in, const Node& node, std::vector<NamedText>& into) {
  auto text = in.text(node.words[2], node.place);
  if (!text) return fail(std::move(text).error());
  NamedText named{.name = node.words[1], .value = std::move(*text)};
  if (node.words.size() > 3) {
    const bool header = node.words.front().starts_with("add_");
    if (node.words[3] != (header ? "always" : "if_not_empty"))
      return fail(Error(fmt::format("invalid parameter \"{}\"", node.words[3])));
    (header ? named.always : named.if_not_empty) = true;
  }
  into.push_back(std::move(named));
  return {};
}

Done take(Interpreter&, const Node& node, std::vector<Words>& into) {
  into.emplace_back(node.words.begin() + 1, node.words.end());
  return {};
}

}  // namespace tierce::config::nginx
