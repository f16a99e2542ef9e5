// Who may: addresses, passwords, limits, referers; and whom the client's address comes from.
#include <array>

#include "config/nginx/log_words.h"
#include "config/nginx/setting.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;
using L = LocationSettings;

Done access(Interpreter& in, Level& level, const Node& node) {
  const std::string& who = node.words[1];
  if (who != "all" && who != "unix:" && !is_network(who))
    return fail(Error(fmt::format("invalid parameter \"{}\"", who)));
  warn_of_low_bits(in, node.place, who);
  level.location->access.push_back({.allow = node.words.front() == "allow", .network = who});
  return {};
}

// A name is all addresses it has when the file is read: whom one trusts must not depend on what a name server says
// later.
Done real_ip_from(Interpreter& in, Level& level, const Node& node) {
  const std::string& who = node.words[1];
  auto& trusted = level.location->real_ip_from;
  if (who == "unix:" || is_network(who)) {
    warn_of_low_bits(in, node.place, who);
    trusted.push_back(who);
    return {};
  }
  if (who.find('/') != std::string::npos) return fail(host_not_found(node.words[0], who));
  if (!in.hosts().can_ask()) return {};
  const std::vector<std::string>& addresses = in.hosts().of(who);
  if (addresses.empty()) return fail(host_not_found(node.words[0], who));
  trusted.insert(trusted.end(), addresses.begin(), addresses.end());
  return {};
}

Done auth_request_set(Interpreter& in, Level& level, const Node& node) {
  auto variable = in.define_variable(node.words[1]);
  if (!variable) return fail(std::move(variable).error());
  auto value = in.text(node.words[2], node.place);
  if (!value) return fail(std::move(value).error());
  level.location->auth_request_set.push_back({std::move(*variable), std::move(*value)});
  return {};
}

constexpr std::int64_t kZoneLeast = 8L * 4096;

// "zone=NAME:SIZE"
Done zone_word(const std::string& word, Zone& zone) {
  const std::size_t colon = word.find(':');
  if (colon == std::string::npos) return fail(Error(fmt::format("invalid zone size \"{}\"", word)));
  zone.name = word.substr(5, colon - 5);
  const auto size = parse_size(string_view(word).substr(colon + 1), false);
  if (!size) return fail(Error(fmt::format("invalid zone size \"{}\"", word)));
  if (*size < kZoneLeast) return fail(Error(fmt::format("zone \"{}\" is too small", word)));
  zone.bytes = *size;
  return {};
}

// "10r/s", "30r/m"
Done rate_word(const std::string& word, Zone& zone) {
  string_view text = string_view(word).substr(5);
  const bool minute = text.ends_with("r/m");
  if (!minute && !text.ends_with("r/s")) return fail(Error(fmt::format("invalid rate \"{}\"", word)));
  text.remove_suffix(3);
  const auto rate = parse_number(text);
  if (!rate || *rate == 0) return fail(Error(fmt::format("invalid rate \"{}\"", word)));
  zone.per_minute_thousandths = *rate * 1000 / (minute ? 60 : 1);
  return {};
}

Done new_zone(Interpreter& in, Level& level, const Node& node, bool of_requests) {
  Zone zone{.key = {}, .per_minute_thousandths = 1000, .of_requests = of_requests};
  auto key = in.text(node.words[1], node.place);
  if (!key) return fail(std::move(key).error());
  zone.key = std::move(*key);
  for (std::size_t i = 2; i < node.words.size(); ++i) {
    const std::string& word = node.words[i];
    Done done;
    if (word.starts_with("zone=")) {
      done = zone_word(word, zone);
    } else if (of_requests && word.starts_with("rate=")) {
      done = rate_word(word, zone);
    } else {
      done = fail(Error(fmt::format("invalid parameter \"{}\"", word)));
    }
    if (!done) return done;
  }
  if (zone.name.empty()) return fail(Error(fmt::format("\"{}\" must have \"zone\" parameter", node.words.front())));
  for (const Zone& other : level.http->zones) {
    if (other.name == zone.name)
      return fail(Error(
          fmt::format("{} \"{}\" is already bound to key \"{}\"", node.words.front(), zone.name, other.key.written)));
  }
  level.http->zones.push_back(std::move(zone));
  return {};
}
Done limit_req_zone(Interpreter& in, Level& level, const Node& node) { return new_zone(in, level, node, true); }
Done limit_conn_zone(Interpreter& in, Level& level, const Node& node) { return new_zone(in, level, node, false); }

Done limit_req(Interpreter&, Level& level, const Node& node) {
  LimitRequests limit;
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    const string_view word = node.words[i];
    if (word.starts_with("zone=")) {
      limit.zone = word.substr(5);
    } else if (word.starts_with("burst=")) {
      const auto burst = parse_number(word.substr(6));
      if (!burst || *burst == 0) return fail(Error(fmt::format("invalid burst value \"{}\"", word)));
      limit.burst = *burst;
    } else if (word.starts_with("delay=")) {
      const auto delay = parse_number(word.substr(6));
      if (!delay || *delay == 0) return fail(Error(fmt::format("invalid delay value \"{}\"", word)));
      limit.delay = *delay;
    } else if (word == "nodelay") {
      limit.no_delay = true;
    } else {
      return fail(Error(fmt::format("invalid parameter \"{}\"", word)));
    }
  }
  if (limit.zone.empty()) return fail("\"limit_req\" must have \"zone\" parameter");
  for (const LimitRequests& other : level.location->limit_requests) {
    if (other.zone == limit.zone) return fail("\"limit_req\" directive is duplicate");
  }
  level.location->limit_requests.push_back(std::move(limit));
  return {};
}

Done limit_conn(Interpreter&, Level& level, const Node& node) {
  constexpr std::int64_t kMost = 65535;
  for (const LimitConnections& other : level.location->limit_connections) {
    if (other.zone == node.words[1]) return fail("\"limit_conn\" directive is duplicate");
  }
  const auto count = parse_number(node.words[2]);
  if (!count || *count == 0) return fail(Error(fmt::format("invalid number of connections \"{}\"", node.words[2])));
  if (*count > kMost) return fail("connection limit must be less 65536");
  level.location->limit_connections.push_back({.zone = node.words[1], .count = *count});
  return {};
}

Done valid_referers(Interpreter& in, Level& level, const Node& node) {
  for (const std::string& word : node.words) {
    if (!word.starts_with('~')) continue;
    if (auto made = compile_expression(string_view(word).substr(1), Regex::Case::kIgnored); !made)
      return fail(std::move(made).error());
  }
  return take(in, node, level.location->valid_referers);
}

template <Text L::*Member>
Done log_level(Interpreter&, Level& level, const Node& node) {
  const std::string& word = node.words[1];
  if (word != "info" && word != "notice" && word != "warn" && word != "error")
    return fail(Error(fmt::format("invalid value \"{}\"", word)));
  level.location->*Member = word;
  return {};
}

template <Number L::*Member>
Done status(Interpreter&, Level& level, const Node& node) {
  if (level.location->*Member) return fail(Error(fmt::format("\"{}\" directive is duplicate", node.words.front())));
  const auto number = parse_number(node.words[1]);
  if (!number) return fail(Error(fmt::format("\"{}\" directive invalid number", node.words.front())));
  if (*number < 400 || *number > 599) return fail("value must be between 400 and 599");
  level.location->*Member = *number;
  return {};
}

}  // namespace

Meanings access_meanings() {
  return {
      setting<&L::access>("allow", access, "", "Addresses that may; the first rule that fits decides."),
      setting<&L::access>("deny", access, "", "Addresses that may not."),
      choice<&L::satisfy>("satisfy", "all",
                          "Whether all of addresses, passwords and auth_request must allow it, or any."),
      setting<&L::auth_basic>("auth_basic", "off", "The realm of the names and passwords that are asked for."),
      setting<&L::auth_basic_user_file>("auth_basic_user_file", "", "The file with them."),
      setting<&L::auth_delay>("auth_delay", "0s", "How long a refusal of them waits."),
      setting<&L::auth_request>("auth_request", "", "The path whose answer decides."),
      setting<&L::auth_request_set>("auth_request_set", auth_request_set, "", "A variable of that answer."),
      setting<&L::real_ip_from>("set_real_ip_from", real_ip_from, "", "Who may say whom a request comes from."),
      setting<&L::real_ip_header>("real_ip_header", "X-Real-IP", "The header that says it."),
      setting<&L::real_ip_recursive>("real_ip_recursive", "off",
                                     "Whether its last address that is not trusted counts."),
      {.name = "limit_req_zone",
       .help = "Where requests are counted, by what, and how many may come.",
       .apply = limit_req_zone},
      {.name = "limit_conn_zone", .help = "Where connections are counted, and by what.", .apply = limit_conn_zone},
      setting<&L::limit_requests>("limit_req", limit_req, "", "Which zone limits requests."),
      setting<&L::limit_connections>("limit_conn", limit_conn, "",
                                     "Which zone limits connections, and how many there may be."),
      setting<&L::limit_req_status>("limit_req_status", status<&L::limit_req_status>, "503",
                                    "The status of a refusal."),
      setting<&L::limit_conn_status>("limit_conn_status", status<&L::limit_conn_status>, "503",
                                     "The status of a refusal."),
      setting<&L::limit_req_log_level>("limit_req_log_level", log_level<&L::limit_req_log_level>, "error",
                                       "How it is logged."),
      setting<&L::limit_conn_log_level>("limit_conn_log_level", log_level<&L::limit_conn_log_level>, "error",
                                        "How it is logged."),
      setting<&L::limit_req_dry_run>("limit_req_dry_run", "off", "Whether it is only logged."),
      setting<&L::limit_conn_dry_run>("limit_conn_dry_run", "off", "Whether it is only logged."),
      setting<&L::valid_referers>("valid_referers", valid_referers, "",
                                  "The referers for which $invalid_referer is empty."),
  };
}

}  // namespace tierce::config::nginx
