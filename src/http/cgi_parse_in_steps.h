// For the tests and fuzz targets of parsers that are fed all bytes received so far and fill a CgiHead: feeds a
// packet whole, cut in two at every position and byte by byte, each time in memory of its own and of its exact
// size, and compares what comes of it.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/cgi_head.h"

namespace tierce::http {

// What a parse came to, parts copied out.
template <typename Parser>
struct CgiParsed {
  typename Parser::Outcome outcome = Parser::Outcome::kNeedMore;
  WireError error{};
  RequestHead head;
  std::vector<std::pair<std::string, std::string>> variables;
  std::string method, target, path, query, authority, remote_address;
  bool https = false;
  bool operator==(const CgiParsed& other) const {
    return outcome == other.outcome && error == other.error && variables == other.variables && method == other.method &&
           target == other.target && path == other.path && query == other.query && authority == other.authority &&
           remote_address == other.remote_address && https == other.https && head.method == other.head.method &&
           head.body == other.head.body && head.content_length == other.head.content_length &&
           head.head_bytes == other.head.head_bytes && head.form == other.head.form &&
           head.path_form == other.head.path_form && head.path_info_sent == other.head.path_info_sent &&
           head.minor_version == other.head.minor_version;
  }
};

template <typename Parsed>
void copy_parts(const CgiHead& from, std::string_view bytes, Parsed& into) {
  const auto copy = [&](Span span) { return std::string(span.in(bytes.data())); };
  into.head = from.head();
  for (const HeaderField& variable : from.variables()) {
    into.variables.emplace_back(copy(variable.name), copy(variable.value));
  }
  into.method = copy(from.head().method_name);
  into.target = copy(from.head().target);
  into.path = copy(from.head().path);
  into.query = copy(from.head().query);
  into.authority = copy(from.head().authority);
  into.remote_address = from.remote_address(bytes);
  into.https = from.https(bytes);
}

template <typename Parser>
CgiParsed<Parser> cgi_parse_in_steps(std::string_view bytes, const std::vector<std::size_t>& ends,
                                     const VariableLimits& limits) {
  CgiHead head(limits);
  Parser parser(limits, head);
  CgiParsed<Parser> parsed;
  for (const std::size_t end : ends) {
    const auto copy = std::make_unique<char[]>(end);
    if (end > 0) std::memcpy(copy.get(), bytes.data(), end);
    parsed.outcome = parser.parse({copy.get(), end});
    if (parsed.outcome == Parser::Outcome::kNeedMore) continue;
    if (parsed.outcome == Parser::Outcome::kRefused) parsed.error = head.error();
    if (parsed.outcome == Parser::Outcome::kDone) copy_parts(head, {copy.get(), end}, parsed);
    break;
  }
  return parsed;
}

// Calls differs(where) when one way of cutting comes to something else than the whole. At most `cuts_max`
// places are tried, so that a long input stays cheap.
template <typename Parser, typename Differs>
CgiParsed<Parser> cgi_parse_all_ways(std::string_view bytes, const VariableLimits& limits, std::size_t cuts_max,
                                     Differs&& differs) {
  auto whole = cgi_parse_in_steps<Parser>(bytes, {bytes.size()}, limits);
  std::vector<std::size_t> each;
  for (std::size_t i = 0; i <= bytes.size(); i += 1 + bytes.size() / cuts_max) {
    if (!(cgi_parse_in_steps<Parser>(bytes, {i, bytes.size()}, limits) == whole)) differs(i);
    each.push_back(i);
  }
  each.push_back(bytes.size());
  if (!(cgi_parse_in_steps<Parser>(bytes, each, limits) == whole)) differs(bytes.size());
  return whole;
}

}  // namespace tierce::http
