#include "config/nginx/syslog_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tierce::config::nginx {
namespace {

using std::string_view;

constexpr string_view kPrefix = "syslog:";
constexpr std::size_t kTagBytesMost = 32;
constexpr auto kFacilities =
    std::to_array<string_view>({"kern",   "user",   "mail",     "daemon", "auth",   "intern", "lpr",    "news",
                                "uucp",   "clock",  "authpriv", "ftp",    "ntp",    "audit",  "alert",  "cron",
                                "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"});
constexpr auto kSeverities =
    std::to_array<string_view>({"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"});

// -1: it is none of them.
template <std::size_t kCount>
int place_of(string_view word, const std::array<string_view, kCount>& words) {
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? -1 : static_cast<int>(found - words.begin());
}

bool fits_in_tag(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// What was said already; nginx has each parameter once.
struct Seen {
  bool facility = false, severity = false, tag = false;
};

Result<void> once(bool& seen, string_view name) {
  if (std::exchange(seen, true)) return fail(Error(fmt::format("duplicate syslog \"{}\"", name)));
  return {};
}

Result<void> take_tag(string_view tag, SyslogTarget& target) {
  if (tag.size() > kTagBytesMost) return fail("syslog tag length exceeds 32");
  if (!std::all_of(tag.begin(), tag.end(), fits_in_tag))
    return fail("syslog \"tag\" only allows alphanumeric characters and underscore");
  target.tag = tag;
  return {};
}

Result<void> take_server(string_view server, SyslogTarget& target) {
  if (!target.server.empty()) return fail("duplicate syslog \"server\"");
  if (server.empty()) return fail("no host in syslog server \"\"");
  target.server = server;
  return {};
}

template <std::size_t kCount>
Result<void> take_word(string_view name, string_view word, const std::array<string_view, kCount>& words, int& into) {
  const int place = place_of(word, words);
  if (place < 0) return fail(Error(fmt::format("unknown syslog {} \"{}\"", name, word)));
  into = place;
  return {};
}

Result<void> take_parameter(string_view text, SyslogTarget& target, Seen& seen) {
  if (text == "nohostname") {
    target.hostname = false;
    return {};
  }
  const std::size_t equals = text.find('=');
  const string_view name = text.substr(0, equals);
  const string_view value = equals == string_view::npos ? string_view() : text.substr(equals + 1);
  if (equals != string_view::npos) {
    if (name == "server") return take_server(value, target);
    if (name == "facility") {
      if (auto done = once(seen.facility, name); !done) return done;
      return take_word(name, value, kFacilities, target.facility);
    }
    if (name == "severity") {
      if (auto done = once(seen.severity, name); !done) return done;
      return take_word(name, value, kSeverities, target.severity);
    }
    if (name == "tag") {
      if (auto done = once(seen.tag, name); !done) return done;
      return take_tag(value, target);
    }
  }
  return fail(Error(fmt::format("unknown syslog parameter \"{}\"", text)));
}

}  // namespace

Result<SyslogTarget> parse_syslog(string_view word) {
  SyslogTarget target;
  Seen seen;
  if (word.starts_with(kPrefix)) word.remove_prefix(kPrefix.size());
  for (std::size_t comma = 0; comma != string_view::npos; word.remove_prefix(comma + 1)) {
    comma = word.find(',');
    if (auto done = take_parameter(word.substr(0, comma), target, seen); !done) return fail(std::move(done).error());
    if (comma == string_view::npos) break;
  }
  if (target.server.empty()) return fail("no syslog server specified");
  return target;
}

std::string syslog_head(const SyslogTarget& target, int severity, const std::tm& local_time, string_view hostname) {
  constexpr auto kMonths =
      std::to_array<string_view>({"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"});
  return fmt::format("<{}>{} {:2} {:02}:{:02}:{:02} {}{}{}: ", target.facility * 8 + severity,
                     kMonths[static_cast<std::size_t>(local_time.tm_mon)], local_time.tm_mday, local_time.tm_hour,
                     local_time.tm_min, local_time.tm_sec, target.hostname ? hostname : string_view(),
                     target.hostname ? " " : "", target.tag);
}

}  // namespace tierce::config::nginx
