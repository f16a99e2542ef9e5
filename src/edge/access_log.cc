#include "edge/access_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "base/append_number.h"
#include "base/log_escape.h"
#include "http/percent.h"
#include "os/clock.h"
#include "os/socket_io.h"
#include "os/trusted_open.h"

namespace tierce::edge {
namespace {

constexpr std::size_t kFlushBytes = 32768;
constexpr std::uint64_t kFlushNs = 100'000'000;

void append_escaped(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += '-';
    return;
  }
  const std::size_t at = out.size();
  out += text;
  escape_for_log(out, at);
}

}  // namespace

void AccessLog::take_format(AccessLogFormat format) {
  const auto uwsgis = [](const FormatPart& part) { return part.atom >= Atom::kHost; };
  detailed_ = std::any_of(format.parts().begin(), format.parts().end(), uwsgis);
  for (const Atom atom : {Atom::kMethod, Atom::kPath, Atom::kQuery, Atom::kProtocol, Atom::kSeconds,
                          Atom::kMicroseconds, Atom::kMilliseconds, Atom::kDecimalSeconds, Atom::kPid,
                          Atom::kRequestField, Atom::kResponseField, Atom::kTarget}) {
    detailed_ = detailed_ || format.has(atom);
  }
  wants_user_ = format.has(Atom::kUser);
  wants_request_line_ = format.has(Atom::kRequestLine);
  wants_referer_ = format.has(Atom::kReferer);
  wants_user_agent_ = format.has(Atom::kUserAgent);
  wants_response_fields_ = format.has(Atom::kResponseField);
  wants_log_variables_ = format.has(Atom::kLogVariable);
  format_ = std::move(format);
}

AccessLog AccessLog::on_descriptor(os::UniqueFd file, AccessLogFormat format) {
  AccessLog log;
  log.take_format(std::move(format));
  log.on_ = static_cast<bool>(file);
  log.path_ = "-";
  log.file_ = std::move(file);
  return log;
}

void AccessLog::use(os::UniqueFd file) {
  flush();
  if (on_ && file) file_ = std::move(file);
}

Result<AccessLog> AccessLog::open(const std::string& path, AccessLogFormat format) {
  AccessLog log;
  log.take_format(std::move(format));
  if (path.empty()) return log;
  log.path_ = path;
  log.on_ = true;
  if (auto opened = log.reopen(); !opened) return fail(std::move(opened).error());
  return log;
}

Result<void> AccessLog::reopen() {
  if (!on_ || path_ == "-") return {};
  flush();
  auto fresh = os::open_log_file(path_);
  if (!fresh) return fail(std::move(fresh).error().during("access log"));
  file_ = std::move(*fresh);
  return {};
}

void AccessLog::add(const AccessRecord& record, std::time_t now) {
  if (now != stamp_of_) {
    std::tm local{};
    ::localtime_r(&now, &local);
    stamp_bytes_ = std::strftime(stamp_, sizeof stamp_, "%d/%b/%Y:%H:%M:%S %z", &local);
    stamp_of_ = now;
  }
  if (detailed_ || !encoders_.empty()) now_us_ = os::wall_microseconds();
  const std::size_t begin = lines_.size();
  for (const FormatPart& part : format_.parts()) append(part, record);
  lines_ += '\n';
  count_of_line_ = 0;
  for (LineEncoder& encoder : encoders_) encoder.apply(lines_, begin, now_us_);
}

std::string_view AccessLog::Stamp::at(std::time_t time, const char* format) {
  if (time != of) {
    std::tm local{};
    ::localtime_r(&time, &local);
    bytes = std::strftime(text, sizeof text, format, &local);
    of = time;
  }
  return {text, bytes};
}

os::MemoryUse AccessLog::memory_of(int pid) {
  constexpr std::uint64_t kKeptUs = 1'000'000;
  constexpr std::size_t kKept = 256;  // Processes come and go.
  auto known = std::find_if(memory_.begin(), memory_.end(), [pid](const Memory& each) { return each.pid == pid; });
  if (known == memory_.end()) {
    if (memory_.size() >= kKept) memory_.clear();
    known = memory_.insert(memory_.end(), {pid, 0, {}});
  }
  if (now_us_ >= known->until_us) *known = {pid, now_us_ + kKeptUs, os::memory_of_process(pid)};
  return known->use;
}

void AccessLog::append_uwsgi(const FormatPart& part, const AccessRecord& record) {
  // The requests of all threads are counted together.
  static std::atomic<std::uint64_t> count{0};
  const auto number = [this](std::uint64_t value) { append_number(lines_, value); };
  const std::uint64_t start_us = now_us_ - std::min(now_us_, record.duration_ns / 1'000);
  const auto start = static_cast<std::time_t>(start_us / 1'000'000);
  switch (part.atom) {
    case Atom::kHost:
      return append_escaped(lines_, record.host);
    case Atom::kForwardedAddress: {
      const std::string_view forwarded = record.fields->request("x-forwarded-for");
      return append_escaped(lines_, forwarded.empty() ? record.remote_address : forwarded);
    }
    case Atom::kHeadBytes:
      return number(record.response_head_bytes);
    case Atom::kAllBytes:
      return number(record.response_head_bytes + record.body_bytes);
    case Atom::kRequestBodyBytes:
      return number(record.request_body_bytes);
    case Atom::kRequestHeadBytes:
      return number(record.request_head_bytes);
    case Atom::kRequestFields:
      return number(record.request_fields);
    case Atom::kResponseFields:
      return number(record.response_fields);
    case Atom::kStartSeconds:
      return number(start_us / 1'000'000);
    case Atom::kStartMilliseconds:
      return number(start_us / 1'000);
    case Atom::kStartMicroseconds:
      return number(start_us);
    case Atom::kStartLocal:
      lines_ += start_local_.at(start, "%d/%b/%Y:%H:%M:%S %z");
      return;
    case Atom::kStartCtime:
      lines_ += start_ctime_.at(start, "%a %b %e %H:%M:%S %Y");
      return;
    case Atom::kStartFormatted:
      lines_ += start_formatted_.at(start, part.text.c_str());
      return;
    case Atom::kNowSeconds:
      return number(now_us_ / 1'000'000);
    case Atom::kBarePid:
      return number(static_cast<std::uint64_t>(record.pid));
    case Atom::kWorker:
      return number(record.worker);
    case Atom::kThread:
      return number(record.thread);
    case Atom::kVirtualBytes:
      return number(memory_of(record.pid).virtual_bytes);
    case Atom::kVirtualMegabytes:
      return number(memory_of(record.pid).virtual_bytes >> 20);
    case Atom::kResidentBytes:
      return number(memory_of(record.pid).resident_bytes);
    case Atom::kResidentMegabytes:
      return number(memory_of(record.pid).resident_bytes >> 20);
    case Atom::kVariable:
      return append_escaped(lines_, record.fields->variable(part.text));
    case Atom::kLogVariable:
      return append_escaped(lines_, record.fields->log_variable(part.text));
    case Atom::kCount:
      if (count_of_line_ == 0) count_of_line_ = count.fetch_add(1, std::memory_order_relaxed) + 1;
      return number(count_of_line_);
    case Atom::kVia:
      lines_ += record.from_file ? " via sendfile() " : " ";
      return;
    case Atom::kLost:
      return number(record.client_lost ? 1 : 0);
    case Atom::kOne:
      return number(1);
    default:
      return number(0);
  }
}

void AccessLog::append(const FormatPart& part, const AccessRecord& record) {
  const auto number = [this](std::uint64_t value) { append_number(lines_, value); };
  if (part.atom >= Atom::kHost) return append_uwsgi(part, record);
  if (!part.dash && part.atom == Atom::kRemoteAddress && record.remote_address.empty()) return;
  if (!part.dash && part.atom == Atom::kUser && record.remote_user.empty()) return;
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
      if (record.query.empty()) {
        lines_ += part.text;  // What stands for none.
        return;
      }
      return append_escaped(lines_, record.query);
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
    default:
      return;
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

}  // namespace tierce::edge
