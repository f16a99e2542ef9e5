#include "edge/access_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <strings.h>

#include "http/percent.h"
#include "os/socket_io.h"

namespace tierce::edge {
namespace {

constexpr std::size_t kFlushBytes = 32768;
constexpr std::uint64_t kFlushNs = 100'000'000;

// As nginx escapes: a client can put neither a quote nor a line end nor a terminal sequence into the log.
void append_escaped(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += '-';
    return;
  }
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
      out += c;
    } else {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

Result<AccessLog> AccessLog::open(const std::string& path, AccessLogFormat format) {
  AccessLog log;
  for (const Atom atom : {Atom::kMethod, Atom::kPath, Atom::kQuery, Atom::kProtocol, Atom::kSeconds,
                          Atom::kMicroseconds, Atom::kMilliseconds, Atom::kDecimalSeconds, Atom::kPid,
                          Atom::kRequestField, Atom::kResponseField, Atom::kTarget}) {
    log.detailed_ = log.detailed_ || format.has(atom);
  }
  log.wants_response_fields_ = format.has(Atom::kResponseField);
  log.format_ = std::move(format);
  if (path.empty()) return log;
  log.path_ = path;
  log.on_ = true;
  if (auto opened = log.reopen(); !opened) return fail(std::move(opened).error());
  return log;
}

Result<void> AccessLog::reopen() {
  if (!on_ || path_ == "-") return {};
  flush();
  os::UniqueFd fresh(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  if (!fresh) return fail(errno_error("opening the access log " + path_));
  file_ = std::move(fresh);
  return {};
}

void AccessLog::add(const AccessRecord& record, std::time_t now) {
  if (now != stamp_of_) {
    std::tm local{};
    ::localtime_r(&now, &local);
    stamp_bytes_ = std::strftime(stamp_, sizeof stamp_, "%d/%b/%Y:%H:%M:%S %z", &local);
    stamp_of_ = now;
  }
  for (const FormatPart& part : format_.parts()) append(part, record);
  lines_ += '\n';
}

void AccessLog::append(const FormatPart& part, const AccessRecord& record) {
  const auto number = [this](std::uint64_t value) { fmt::format_to(std::back_inserter(lines_), "{}", value); };
  switch (part.atom) {
    case Atom::kText:
      lines_ += part.text;
      return;
    case Atom::kRemoteAddress:
      return append_escaped(lines_, record.remote_address);
    case Atom::kDash:
      lines_ += '-';
      return;
    case Atom::kUser:
      return append_escaped(lines_, record.remote_user);
    case Atom::kTime:
      lines_.append("[").append(stamp_, stamp_bytes_).append("]");
      return;
    case Atom::kRequestLine:
      return append_escaped(lines_, record.request_line);
    case Atom::kStatus:
      return number(static_cast<std::uint64_t>(record.status));
    case Atom::kMethod:
      return append_escaped(lines_, record.method);
    case Atom::kPath:
      decoded_.resize(record.path.size());
      return append_escaped(lines_, {decoded_.data(), http::decode_path(record.path, decoded_.data())});
    case Atom::kQuery:
      if (!record.query.empty()) append_escaped(lines_, record.query);
      return;
    case Atom::kProtocol:
      return append_escaped(lines_, record.protocol);
    case Atom::kTarget:
      return append_escaped(lines_, record.target);
    case Atom::kBodyBytes:
      return number(record.body_bytes);
    case Atom::kReferer:
      return append_escaped(lines_, record.referer);
    case Atom::kUserAgent:
      return append_escaped(lines_, record.user_agent);
    case Atom::kSeconds:
      return number(record.duration_ns / 1'000'000'000);
    case Atom::kMicroseconds:
      return number(record.duration_ns / 1'000);
    case Atom::kMilliseconds:
      return number(record.duration_ns / 1'000'000);
    case Atom::kDecimalSeconds:
      fmt::format_to(std::back_inserter(lines_), "{}.{:06}", record.duration_ns / 1'000'000'000,
                     record.duration_ns / 1'000 % 1'000'000);
      return;
    case Atom::kPid:
      fmt::format_to(std::back_inserter(lines_), "<{}>", record.pid);
      return;
    case Atom::kRequestField:
      return append_escaped(lines_, record.fields->request(part.text));
    case Atom::kResponseField:
      return append_escaped(lines_, record.fields->response(part.text));
  }
}

void AccessLog::flush_if_due(std::uint64_t now_ns) {
  if (lines_.empty()) return;
  if (oldest_ns_ == 0) oldest_ns_ = now_ns;
  if (lines_.size() >= kFlushBytes || now_ns - oldest_ns_ >= kFlushNs) flush();
}

void AccessLog::flush() {
  oldest_ns_ = 0;
  if (lines_.empty()) return;
  // A full disk or a closed pipe costs the lines, not the requests.
  static_cast<void>(os::write_all(file_ ? file_.get() : 1, lines_.data(), lines_.size()));
  lines_.clear();
}

std::string basic_user(std::string_view authorization) {
  if (authorization.size() < 6 || ::strncasecmp(authorization.data(), "Basic ", 6) != 0) return {};
  std::string user;
  unsigned bits = 0;
  int have = 0;
  for (const char c : authorization.substr(6)) {
    const int digit = base64_digit(c);
    if (digit < 0) break;
    bits = bits << 6 | static_cast<unsigned>(digit);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    const char byte = static_cast<char>(bits >> have & 0xff);
    if (byte == ':') break;
    user += byte;
  }
  return user;
}

}  // namespace tierce::edge
