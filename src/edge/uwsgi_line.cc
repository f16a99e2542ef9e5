#include "edge/uwsgi_line.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace tierce::edge {
namespace {

using config::AccessLogFormat;
using config::Atom;
using config::FormatPart;

using std::string_view;

struct Name {
  string_view name;
  Atom atom;
};
constexpr std::array kVariables = {
    Name{"uri", Atom::kTarget},
    Name{"method", Atom::kMethod},
    Name{"user", Atom::kUser},
    Name{"addr", Atom::kRemoteAddress},
    Name{"host", Atom::kHost},
    Name{"proto", Atom::kProtocol},
    Name{"uagent", Atom::kUserAgent},
    Name{"referer", Atom::kReferer},
    Name{"status", Atom::kStatus},
    Name{"rsize", Atom::kBodyBytes},
    Name{"hsize", Atom::kHeadBytes},
    Name{"size", Atom::kAllBytes},
    Name{"cl", Atom::kRequestBodyBytes},
    Name{"micros", Atom::kMicroseconds},
    Name{"msecs", Atom::kMilliseconds},
    Name{"secs", Atom::kDecimalSeconds},
    Name{"tmsecs", Atom::kStartMilliseconds},
    Name{"tmicros", Atom::kStartMicroseconds},
    Name{"time", Atom::kStartSeconds},
    Name{"ltime", Atom::kStartLocal},
    Name{"ctime", Atom::kStartCtime},
    Name{"epoch", Atom::kNowSeconds},
    Name{"pid", Atom::kBarePid},
    Name{"wid", Atom::kWorker},
    Name{"switches", Atom::kOne},
    Name{"vars", Atom::kRequestFields},
    Name{"core", Atom::kThread},
    Name{"vsz", Atom::kVirtualBytes},
    Name{"rss", Atom::kResidentBytes},
    Name{"vszM", Atom::kVirtualMegabytes},
    Name{"rssM", Atom::kResidentMegabytes},
    Name{"pktsize", Atom::kRequestHeadBytes},
    Name{"modifier1", Atom::kZero},
    Name{"modifier2", Atom::kZero},
    Name{"headers", Atom::kResponseFields},
    Name{"werr", Atom::kLost},
    Name{"rerr", Atom::kZero},
    Name{"ioerr", Atom::kLost},
};

// Variables of a request that are known under other names.
constexpr std::array kRequestVariables = {
    Name{"REQUEST_URI", Atom::kTarget},
    Name{"REQUEST_METHOD", Atom::kMethod},
    Name{"REMOTE_ADDR", Atom::kRemoteAddress},
    Name{"REMOTE_USER", Atom::kUser},
    Name{"QUERY_STRING", Atom::kQuery},
    Name{"SERVER_PROTOCOL", Atom::kProtocol},
    Name{"PATH_INFO", Atom::kPath},
    Name{"CONTENT_LENGTH", Atom::kRequestBodyBytes},
};

template <typename Names>
const Name* find(const Names& names, string_view name) {
  const auto at = std::find_if(names.begin(), names.end(), [name](const Name& known) { return known.name == name; });
  return at == names.end() ? nullptr : &*at;
}

FormatPart request_variable(string_view name) {
  if (const Name* known = find(kRequestVariables, name)) return {known->atom, known->atom == Atom::kQuery ? "-" : ""};
  if (!name.starts_with("HTTP_") && name != "CONTENT_TYPE") return {Atom::kVariable, std::string(name)};
  std::string field(name.starts_with("HTTP_") ? name.substr(5) : name);
  std::transform(field.begin(), field.end(), field.begin(),
                 [](unsigned char c) { return c == '_' ? '-' : std::tolower(c); });
  return {Atom::kRequestField, std::move(field)};
}

FormatPart part_of(string_view name, const config::UwsgiLine& line) {
  if (name == "addr" && line.forwarded_for) return {Atom::kForwardedAddress, {}};
  if (name == "ftime") {
    return line.time_format.empty() ? FormatPart{Atom::kStartLocal, {}}
                                    : FormatPart{Atom::kStartFormatted, line.time_format};
  }
  if (const Name* known = find(kVariables, name)) return {known->atom, {}};
  if (name.starts_with("var.")) return request_variable(name.substr(4));
  return {Atom::kLogVariable, std::string(name)};
}

// What uWSGI writes when no format is given; an absent address or user leaves nothing there.
AccessLogFormat own_line(const config::UwsgiLine& line) {
  AccessLogFormat format;
  const auto add = [&](string_view text) {
    for (FormatPart& part :
         uwsgi_format({.used = true, .format = std::string(text), .forwarded_for = line.forwarded_for}).take_parts()) {
      part.dash = false;
      format.add_part(std::move(part));
    }
  };
  if (line.memory) add("{address space usage: %(vsz) bytes/%(vszM)MB} {rss usage: %(rss) bytes/%(rssM)MB} ");
  add("[pid: %(pid)|app: 0|req: ");
  format.add_part({Atom::kCount, {}});
  add("/");
  format.add_part({Atom::kCount, {}});
  add("] %(addr) (%(user)) {%(vars) vars in %(pktsize) bytes} [%(ctime)] %(method) %(uri) => generated %(rsize) bytes "
      "in ");
  add(line.micros ? "%(micros) micros" : "%(msecs) msecs");
  format.add_part({Atom::kVia, {}});
  add("(%(proto) %(status)) %(headers) headers in %(hsize) bytes (%(switches) switches on core %(core))");
  return format;
}

}  // namespace

AccessLogFormat uwsgi_format(const config::UwsgiLine& line) {
  if (line.format.empty()) return own_line(line);
  AccessLogFormat format;
  string_view rest = line.format;
  while (!rest.empty()) {
    const std::size_t open = rest.find("%(");
    const std::size_t close = open == string_view::npos ? open : rest.find(')', open);
    if (close == string_view::npos) break;
    if (close == open + 2) {  // Nothing inside is text.
      format.add_part({Atom::kText, std::string(rest.substr(0, close + 1))});
    } else {
      if (open > 0) format.add_part({Atom::kText, std::string(rest.substr(0, open))});
      format.add_part(part_of(rest.substr(open + 2, close - open - 2), line));
    }
    rest.remove_prefix(close + 1);
  }
  if (!rest.empty()) format.add_part({Atom::kText, std::string(rest)});
  return format;
}

}  // namespace tierce::edge
