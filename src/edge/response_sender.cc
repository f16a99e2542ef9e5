#include "edge/response_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "edge/edge_thread.h"
#include "edge/exchange.h"
#include "edge/worker_link.h"
#include "http/fastcgi_record.h"
#include "http/field_rules.h"
#include "http/response_head.h"

namespace tierce::edge {
namespace {

// A body up to this size is copied behind its head and leaves with one send().
constexpr std::size_t kCopyMax = 16384;
// What a slow client has not taken stays in memory up to this size, then goes to a file.
constexpr std::size_t kPendingMax = 65536;
// One sendfile() moves at most this much, so that one fast client does not keep the others waiting.
constexpr std::size_t kFileTurn = 1u << 20;

bool answered(const gateway::Slot& slot) {
  return gateway::state_of(slot.word.load(std::memory_order_acquire)) == gateway::State::kAnswered;
}

}  // namespace

bool ResponseSender::compose_head(Exchange& exchange, std::uint32_t flags) {
  const gateway::Mailbox& mailbox = exchange.link()->mailbox();
  const gateway::ResponseMeta& shared = mailbox.slot(exchange.slot()).response;
  const std::uint32_t head_bytes = gateway::read_once(shared.head_bytes);
  const std::int64_t content_length = gateway::read_once(shared.content_length);
  const char* area = mailbox.response_area(exchange.slot());
  const http::RequestHead& head = exchange.head();
  const int status = gateway::read_once(shared.status);
  if (head_bytes > mailbox.shape().response_bytes || status < 200 || status > 999) return false;
  if ((flags & gateway::kFileFollows) != 0) {
    if (!take_file(exchange, content_length)) return false;
    take_log_variables(exchange);
  }
  status_ = status;
  head_composed_ = true;
  body_allowed_ = head.method != http::Method::kHead && status_ != 204 && status_ != 304;
  if (!body_allowed_) file_left_ = 0;
  exchange.worker_pid = exchange.link()->pid();
  exchange.worker = exchange.link()->id();
  exchange.thread = gateway::read_once(mailbox.slot(exchange.slot()).thread);
  if (thread_.access_log().wants_response_fields()) exchange.response_head.assign(area, head_bytes);

  Buffer& out = wire_.is_fastcgi() ? thread_.scratch() : pending_;
  if (wire_.is_fastcgi()) out.clear();
  out.append(wire_.status_line_start());
  append_fields(out, exchange, {area, head_bytes});
  finish_head(out, exchange,
              {.has_server = gateway::read_once(shared.has_server) != 0,
               .has_date = gateway::read_once(shared.has_date) != 0,
               .content_length = content_length});
  return true;
}

void ResponseSender::take_log_variables(Exchange& exchange) const {
  if (exchange.link() == nullptr || !thread_.settings().uwsgi_line.used) return;
  const gateway::Mailbox& mailbox = exchange.link()->mailbox();
  const gateway::ResponseMeta& shared = mailbox.slot(exchange.slot()).response;
  exchange.logged_anyway = gateway::read_once(shared.log_always) != 0;
  if (!thread_.access_log().wants_log_variables()) return;
  const std::uint32_t at = gateway::read_once(shared.log_at);
  const std::uint32_t bytes = gateway::read_once(shared.log_bytes);
  const std::uint32_t room = mailbox.shape().response_bytes;
  if (at > room || bytes > room - at) return;  // A worker may have written anything.
  exchange.add_log_variables({mailbox.response_area(exchange.slot()) + at, bytes});
}

// The worker's lines, without those that the configuration takes off.
void ResponseSender::append_fields(Buffer& out, const Exchange& exchange, std::string_view head) {
  const auto& everywhere = thread_.settings().removed_fields;
  if (everywhere.empty() && exchange.removed_fields.empty()) {
    out.append(head);
    return;
  }
  const auto removed = [](std::string_view line, const std::vector<std::string>& names) {
    return std::any_of(names.begin(), names.end(), [line](const std::string& name) {
      return line.size() > name.size() && line[name.size()] == ':' &&
             http::equals_ignoring_case(line.substr(0, name.size()), name);
    });
  };
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n') + 1, head.size());
    const std::string_view line = head.substr(0, end == 0 ? head.size() : end);
    head.remove_prefix(line.size());
    if (!removed(line, everywhere) && !removed(line, exchange.removed_fields)) out.append(line);
  }
}

void ResponseSender::finish_head(Buffer& out, Exchange& exchange, const HeadEnd& end) {
  const http::RequestHead& head = exchange.head();
  const std::int64_t content_length = end.content_length;
  out.append(thread_.settings().added_fields).append(exchange.added_fields);
  // Behind a front server these two are its own, unless the application says something else.
  if (wire_.is_http() && !end.has_server) out.append("Server: ").append(thread_.settings().server_name).append("\r\n");
  if (wire_.is_http() && !end.has_date) out.append("Date: ").append(thread_.date()).append("\r\n");
  if (content_length >= 0) {
    length_left_ = content_length;
    if (status_ != 204 && status_ != 304) {
      char digits[24];
      const auto written = fmt::format_to_n(digits, sizeof digits, "{}", content_length);
      out.append("Content-Length: ").append({digits, written.size}).append("\r\n");
    }
  } else if (body_allowed_ && wire_.is_http()) {
    if (head.minor_version >= 1) {
      chunked_ = true;
      out.append("Transfer-Encoding: chunked\r\n");
    } else {
      keep_alive_ = false;  // HTTP/1.0: the end of the connection is the end of the body.
    }
  }
  if (!wire_.is_http()) {
    // The front server has asked for what it wants with the connection.
  } else if (!keep_alive_) {
    out.append("Connection: close\r\n");
  } else if (head.minor_version == 0) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
  if (thread_.access_log().detailed()) {
    const std::string_view written = out.view();
    exchange.response_head_bytes = static_cast<std::uint32_t>(written.size());
    // The status line and the empty line are none.
    exchange.response_fields = static_cast<std::uint32_t>(std::count(written.begin(), written.end(), '\n')) - 2;
  }
  if (wire_.is_fastcgi()) append_records(out.view());
}

void ResponseSender::begin(Exchange& exchange, ReadyResponse&& response) {
  status_ = response.status;
  head_composed_ = ready_ = true;
  body_allowed_ = exchange.head().method != http::Method::kHead && status_ != 204 && status_ != 304;
  Buffer& out = wire_.is_fastcgi() ? thread_.scratch() : pending_;
  if (wire_.is_fastcgi()) out.clear();
  const std::string_view reason = response.reason.empty() ? http::reason_phrase(status_) : response.reason;
  char status[8];
  const auto written = fmt::format_to_n(status, sizeof status, "{} ", status_);
  out.append(wire_.status_line_start()).append({status, written.size}).append(reason).append("\r\n");
  out.append(response.fields);
  finish_head(out, exchange, {.content_length = static_cast<std::int64_t>(response.body_bytes())});
  if (!body_allowed_) return;
  parts_ = std::move(response.parts);
  file_ = std::move(response.file);
  exchange.from_file = static_cast<bool>(file_);
}

void ResponseSender::append_body(std::string_view text) {
  if (text.empty()) return;
  if (wire_.is_fastcgi()) {
    append_records(text);
  } else {
    pending_.append(text);
  }
  body_sent_ += text.size();
  if (length_left_ >= 0) length_left_ -= static_cast<std::int64_t>(text.size());
}

void ResponseSender::next_part() {
  if (next_part_ == parts_.size()) {
    pending_.append(wire_.end());
    body_ended_ = true;
    return;
  }
  const ReadyResponse::Part& part = parts_[next_part_++];
  append_body(part.text);
  file_at_ = part.at;
  file_left_ = part.bytes;
  if (part.bytes == 0 || part.bytes > kCopyMax) return;
  // A small part leaves with what stands before it. One that became shorter is left to drain_file().
  char copy[kCopyMax];
  const std::size_t got = os::read_at(file_.get(), copy, static_cast<std::size_t>(part.bytes), part.at);
  file_at_ += got;
  file_left_ -= got;
  append_body({copy, got});
}

bool ResponseSender::take_file(Exchange& exchange, std::int64_t content_length) {
  const gateway::ResponseMeta& shared = exchange.link()->mailbox().slot(exchange.slot()).response;
  const std::uint64_t at = gateway::read_once(shared.file_offset);
  const std::uint64_t bytes = gateway::read_once(shared.file_bytes);
  constexpr std::uint64_t kEnd = std::numeric_limits<std::int64_t>::max();
  if (content_length < 0 || bytes > static_cast<std::uint64_t>(content_length) || at > kEnd - bytes) return false;
  os::UniqueFd file = exchange.link()->receive_file(exchange.slot());
  if (!file || !os::is_regular_file(file.get())) return false;
  file_ = std::move(file);
  file_at_ = at;
  file_left_ = bytes;
  return true;
}

// As if the worker had died at this point: 502 while that can still be said, else the connection is cut.
ResponseSender::Step ResponseSender::refuse_nonsense(Exchange& exchange) {
  if (!head_composed_) {
    exchange.end_with(Fate::kNonsense);
    return Step::kWaitProgress;
  }
  thread_.error_log().line(os::LogLevel::kError,
                           fmt::format("request {}: {}: the response is cut: worker (pid {}) wrote what cannot be one "
                                       "(its memory is corrupt)",
                                       exchange.id_text(), exchange.label(), exchange.link()->pid()));
  body_ended_ = cut_short_ = true;
  return Step::kCut;
}

ResponseSender::Step ResponseSender::step(Exchange& exchange) {
  if (!head_composed_) {
    if (exchange.link() == nullptr) return Step::kWaitProgress;
    const gateway::Slot& slot = exchange.link()->mailbox().slot(exchange.slot());
    std::uint32_t flags = slot.response_flags.load(std::memory_order_acquire);
    if ((flags & gateway::kHeadReady) == 0) {
      if (!answered(slot)) return Step::kWaitProgress;
      flags = slot.response_flags.load(std::memory_order_acquire);  // Set before the answer.
      if ((flags & gateway::kHeadReady) == 0) return refuse_nonsense(exchange);
    }
    if (!compose_head(exchange, flags)) return refuse_nonsense(exchange);
    // The usual response is small and whole: head and body leave with one send().
    if (body_allowed_ && !file_ && !chunked_) {
      const auto runs = exchange.link()->mailbox().ring_unread(exchange.slot());
      const std::size_t bytes = runs.first.size();
      if ((flags & gateway::kBodyComplete) != 0 && runs.second.empty() && bytes <= kCopyMax &&
          length_left_ == static_cast<std::int64_t>(bytes)) {
        if (wire_.is_fastcgi()) {
          append_records(runs.first);
          pending_.append(wire_.end());
        } else {
          pending_.append(runs.first);
        }
        body_sent_ = bytes;
        body_ended_ = true;
        take_log_variables(exchange);
        thread_.dispatcher().forget(exchange);
      }
    }
  }
  // The first part of a ready response leaves with its head.
  if (ready_ && next_part_ == 0 && !body_ended_) next_part();
  for (;;) {
    const Step flushed = flush();
    if (flushed == Step::kClientGone) return flushed;
    const bool blocked = flushed == Step::kWaitWritable;
    if (body_ended_) return blocked ? flushed : cut_short_ ? Step::kCut : Step::kDone;
    if (file_left_ > 0) {
      if (blocked) return flushed;
      const Step sent = drain_file();
      if (sent != Step::kDone) return sent;
      continue;
    }
    if (ready_) {
      if (blocked) return flushed;
      next_part();
      continue;
    }
    // Back-pressure: the client does not read and no more may be put aside.
    if (blocked && spool_written_ - spool_read_ >= thread_.settings().temp_file_bytes_max) return flushed;
    const Step sent = send_ring(exchange);
    if (sent == Step::kWaitProgress) return blocked ? Step::kWaitWritable : sent;
    if (sent != Step::kDone) return sent;
  }
}

// Moves what is in the ring now towards the client. kDone: look again.
ResponseSender::Step ResponseSender::send_ring(Exchange& exchange) {
  WorkerLink* link = exchange.link();
  if (link == nullptr) return Step::kCut;
  const gateway::Mailbox& mailbox = link->mailbox();
  // Flags before bytes: when the flags say complete, the bytes seen afterwards are all there are.
  const std::uint32_t flags = mailbox.slot(exchange.slot()).response_flags.load(std::memory_order_acquire);
  auto runs = mailbox.ring_unread(exchange.slot());
  if (runs.nonsense) return refuse_nonsense(exchange);
  std::size_t bytes = runs.bytes();
  if (bytes == 0) {
    if ((flags & gateway::kBroken) != 0) return end_of_body(exchange, true);
    if ((flags & gateway::kBodyComplete) != 0) return end_of_body(exchange, false);
    const gateway::Slot& slot = mailbox.slot(exchange.slot());
    if (!answered(slot)) return Step::kWaitProgress;
    // Flags are set before the answer: they say how it ended, or nothing will ever.
    const std::uint32_t last = slot.response_flags.load(std::memory_order_acquire);
    return (last & (gateway::kBroken | gateway::kBodyComplete)) != 0 ? Step::kDone : refuse_nonsense(exchange);
  }
  if (wire_.is_fastcgi()) bytes = std::min(bytes, http::kRecordContentSent);
  const std::size_t taken = bytes;
  if (!body_allowed_) bytes = 0;
  if (length_left_ >= 0)
    bytes = static_cast<std::size_t>(std::min<std::int64_t>(static_cast<std::int64_t>(bytes), length_left_));
  if (bytes > 0) {
    const std::string_view first = runs.first.substr(0, bytes);
    const std::string_view second = runs.second.substr(0, bytes - first.size());
    char line[24];
    std::size_t line_bytes = 0;
    std::string_view behind;
    if (chunked_) {
      line_bytes = fmt::format_to_n(line, sizeof line, "{:x}\r\n", bytes).size;
      behind = "\r\n";
    } else if (wire_.is_fastcgi()) {
      line_bytes = http::kRecordHeaderBytes;
      behind = http::kRecordPadding.substr(0, http::record_padding(bytes));
      http::write_record_header(line, http::RecordType::kStdout, wire_.request_id, bytes, behind.size());
    }
    const std::string_view parts[] = {{line, line_bytes}, first, second, behind};
    std::size_t sent = 0;
    if (pending_.empty() && spool_read_ == spool_written_) {
      iovec vector[4];
      std::size_t count = 0;
      for (const auto& part : parts) {
        if (!part.empty()) vector[count++] = {const_cast<char*>(part.data()), part.size()};  // NOLINT
      }
      const os::IoResult result = stream_.send_parts({vector, count});
      if (result.outcome == os::Io::kClosed) return Step::kClientGone;
      sent = result.bytes;
    }
    for (std::string_view part : parts) {
      const std::size_t skip = std::min(sent, part.size());
      sent -= skip;
      if (part.size() > skip && !put_aside(part.substr(skip))) return Step::kCut;
    }
    body_sent_ += bytes;
    if (length_left_ >= 0) length_left_ -= static_cast<std::int64_t>(bytes);
  }
  if (mailbox.consume(exchange.slot(), taken)) link->nudge_later();
  return Step::kDone;
}

ResponseSender::Step ResponseSender::end_of_body(Exchange& exchange, bool broken) {
  body_ended_ = true;
  if (broken || (body_allowed_ && length_left_ > 0)) {
    cut_short_ = true;
  } else if (const std::string end = chunked_ ? "0\r\n\r\n" : wire_.end(); !end.empty() && !put_aside(end)) {
    return Step::kCut;
  }
  take_log_variables(exchange);
  thread_.dispatcher().forget(exchange);
  return Step::kDone;
}

bool ResponseSender::put_aside(std::string_view data) {
  if (spool_read_ == spool_written_ && pending_.size() + data.size() <= kPendingMax + kCopyMax) {
    pending_.append(data);
    return true;
  }
  if (!spool_) spool_ = os::temporary_file(thread_.settings().temp_dir);
  if (!spool_ || !os::write_all(spool_.get(), data.data(), data.size())) {
    thread_.log_seldom("temp file", os::LogLevel::kError,
                       errno_error("writing a response to a temporary file in " + thread_.settings().temp_dir).text());
    return false;
  }
  spool_written_ += data.size();
  return true;
}

ResponseSender::Step ResponseSender::flush() {
  while (!pending_.empty()) {
    const os::IoResult sent = stream_.send(pending_.data(), pending_.size(), file_left_ > 0);
    if (sent.outcome == os::Io::kClosed) return Step::kClientGone;
    if (sent.outcome == os::Io::kWouldBlock) return Step::kWaitWritable;
    advanced_ = true;
    pending_.consume(sent.bytes);
    // A short write to a socket: it is full, and will say when it is not. TLS takes a part of what is long.
    if (!pending_.empty() && !stream_.is_tls()) return Step::kWaitWritable;
  }
  while (spool_read_ < spool_written_) {
    const os::IoResult sent =
        stream_.send_file(spool_.get(), &spool_read_, std::min<std::size_t>(spool_written_ - spool_read_, kFileTurn));
    if (sent.outcome == os::Io::kClosed || (sent.outcome == os::Io::kDone && sent.bytes == 0)) return Step::kClientGone;
    if (sent.outcome == os::Io::kWouldBlock) return Step::kWaitWritable;
    advanced_ = true;
  }
  if (spool_written_ > 0) {  // All of it is out: the disk space goes back at once.
    spool_ = os::UniqueFd();
    spool_read_ = spool_written_ = 0;
  }
  // Records of TLS that the socket has not taken: the response has not been sent before they are.
  const os::IoResult rest = stream_.flush();
  if (rest.bytes > 0) advanced_ = true;
  if (rest.outcome == os::Io::kDone) return Step::kDone;
  return rest.outcome == os::Io::kClosed ? Step::kClientGone : Step::kWaitWritable;
}

ResponseSender::Step ResponseSender::drain_file() {
  std::size_t most = std::min<std::size_t>(file_left_, kFileTurn);
  if (wire_.is_fastcgi()) {
    if (record_left_ == 0) {
      record_left_ = std::min<std::size_t>(file_left_, http::kRecordContentSent);
      char header[http::kRecordHeaderBytes];
      http::write_record_header(header, http::RecordType::kStdout, wire_.request_id, record_left_, 0);
      pending_.append({header, sizeof header});
      return Step::kDone;
    }
    most = record_left_;
  }
  const os::IoResult sent = stream_.send_file(file_.get(), &file_at_, most);
  if (sent.outcome == os::Io::kClosed) return Step::kClientGone;
  if (sent.outcome == os::Io::kWouldBlock) return Step::kWaitWritable;
  if (sent.bytes == 0) {  // The file became shorter: the announced length cannot be kept.
    body_ended_ = cut_short_ = true;
    return Step::kCut;
  }
  advanced_ = true;
  file_left_ -= sent.bytes;
  if (wire_.is_fastcgi()) record_left_ -= sent.bytes;
  body_sent_ += sent.bytes;
  if (length_left_ >= 0) length_left_ -= static_cast<std::int64_t>(sent.bytes);
  return Step::kDone;
}

ResponseSender::Step ResponseSender::send_own(std::string&& bytes, std::uint64_t body_bytes) {
  head_composed_ = body_ended_ = true;
  body_sent_ = body_bytes;
  pending_.append(bytes);
  return flush();
}

// A part of the STDOUT stream, in whole records.
void ResponseSender::append_records(std::string_view stream) {
  std::string records;
  http::append_stream(records, http::RecordType::kStdout, wire_.request_id, stream);
  pending_.append(records);
}

bool ResponseSender::end_early() {
  if (body_ended_) return true;
  if (record_left_ > 0) return false;
  file_left_ = 0;
  head_composed_ = body_ended_ = true;
  return put_aside(wire_.end());
}

}  // namespace tierce::edge
