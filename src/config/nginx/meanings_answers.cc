// Errors, redirects and headers.
#include "config/nginx/setting.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;
using L = LocationSettings;

Done error_page(Interpreter& in, Level& level, const Node& node) {
  const auto& words = node.words;
  ErrorPage page;
  std::size_t behind_statuses = words.size() - 1;
  const std::string& before_uri = words[words.size() - 2];
  if (before_uri.starts_with('=')) {
    --behind_statuses;
    const auto status = before_uri.size() > 1 ? parse_number(string_view(before_uri).substr(1)) : std::int64_t{0};
    if (behind_statuses == 1 || !status) return fail(Error(fmt::format("invalid value \"{}\"", before_uri)));
    page.answer_status = static_cast<int>(*status);
  }
  auto uri = in.text(words.back(), node.place);
  if (!uri) return fail(std::move(uri).error());
  page.uri = std::move(*uri);
  for (std::size_t i = 1; i < behind_statuses; ++i) {
    const auto status = parse_number(words[i]);
    // 499: the client has gone, nobody sees a page.
    if (!status || *status == 499) return fail(Error(fmt::format("invalid value \"{}\"", words[i])));
    if (*status < 300 || *status > 599)
      return fail(Error(fmt::format("value \"{}\" must be between 300 and 599", words[i])));
    page.statuses.push_back(static_cast<int>(*status));
  }
  level.location->error_pages.push_back(std::move(page));
  return {};
}

Done expires(Interpreter& in, Level& level, const Node& node) {
  constexpr std::int64_t kDay = 86'400;
  const auto invalid = [] { return fail("\"expires\" directive invalid value"); };
  Expires expires;
  const bool modified = node.words.size() == 3;
  if (modified && node.words[1] != "modified") return invalid();
  string_view value = node.words.back();
  if (value.find('$') != string_view::npos) {
    auto text = in.text(value, node.place);
    if (!text) return fail(std::move(text).error());
    level.location->expires =
        Expires{.kind = modified ? Expires::Kind::kModifiedText : Expires::Kind::kText, .text = std::move(*text)};
    return {};
  }
  if (!modified && (value == "off" || value == "epoch" || value == "max")) {
    expires.kind = value == "off"     ? Expires::Kind::kOff
                   : value == "epoch" ? Expires::Kind::kEpoch
                                      : Expires::Kind::kMax;
    level.location->expires = std::move(expires);
    return {};
  }
  const bool of_day = value.starts_with('@');
  const bool negative = value.starts_with('-');
  if (of_day && modified) return fail("\"expires\" directive daily time cannot be used with \"modified\" parameter");
  if (of_day || negative || value.starts_with('+')) value.remove_prefix(1);
  const auto time = parse_time(value, false);
  if (!time) return invalid();
  if (of_day && *time > kDay) return fail("\"expires\" directive daily time value must be less than 24 hours");
  expires.kind = of_day     ? Expires::Kind::kAtTimeOfDay
                 : modified ? Expires::Kind::kFromModified
                            : Expires::Kind::kFromNow;
  expires.time = std::chrono::seconds(negative ? -*time : *time);
  level.location->expires = std::move(expires);
  return {};
}

template <bool L::*Member>
Done once(Interpreter&, Level& level, const Node& node) {
  if (level.location->*Member) return fail(Error(fmt::format("\"{}\" directive is duplicate", node.words.front())));
  level.location->*Member = true;
  return {};
}

// As often as one likes.
template <bool L::*Member>
Done said(Interpreter&, Level& level, const Node&) {
  level.location->*Member = true;
  return {};
}

}  // namespace

Meanings answer_meanings() {
  return {
      setting<&L::error_pages>("error_page", error_page, "", "What answers in place of an error."),
      setting<&L::recursive_error_pages>("recursive_error_pages", "off", "Whether that may fail into another one."),
      setting<&L::msie_padding>("msie_padding", "on",
                                "Whether built-in pages of errors are long enough for Internet Explorer and Chrome."),
      setting<&L::msie_refresh>("msie_refresh", "off", "Whether Internet Explorer gets a page in place of a redirect."),
      setting<&L::absolute_redirect>("absolute_redirect", "on",
                                     "Whether redirects of the server itself name its host."),
      setting<&L::port_in_redirect>("port_in_redirect", "on", "... and its port."),
      setting<&L::server_name_in_redirect>("server_name_in_redirect", "off", "... by the first server_name."),
      choice<&L::server_tokens>("server_tokens", "on", "What the Server header says."),
      setting<&L::add_headers>("add_header", "", "Adds a header to good answers, or to all."),
      setting<&L::add_trailers>("add_trailer", "", "Adds a field behind an answer in chunks."),
      setting<&L::expires>("expires", expires, "off", "Expires and Cache-Control."),
      {.name = "internal",
       .help = "The location answers requests of the server itself alone.",
       .apply = once<&L::internal>},
      {.name = "empty_gif", .help = "Answers with an image of one transparent pixel.", .apply = said<&L::empty_gif>},
      {.name = "stub_status",
       .help = "Answers with numbers of connections and requests.",
       .apply = said<&L::stub_status>},
  };
}

}  // namespace tierce::config::nginx
