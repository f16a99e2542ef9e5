// The body of an answer on its way to the client: as fast as the server sends where buffering is on, with a file for
// what the client does not take; as fast as the client takes it otherwise.
#include <fmt/format.h>

#include "nginx/passing.h"
#include "nginx/responder.h"
#include "nginx/site.h"
#include "nginx/system_error.h"
#include "os/socket_io.h"

namespace tierce::nginx {
namespace {

constexpr std::int64_t kBuffers = 8L * 4096;  // nginx: 8 buffers of a page.
constexpr std::int64_t kTempFileMax = 1024 << 20;
// While the server has more at hand, so much is gathered before it is sent: what was packed is often small.
constexpr std::size_t kSendAtOnce = 16384;
constexpr std::size_t kUnspoolBytes = 65536;

}  // namespace

bool Passing::spool(std::string_view data) {
  if (!spool_) {
    const conf::Words& words = how_.settings->temp_path;
    if (!words.empty()) spool_ = os::temporary_file(request_.site.full_path(words.front()));
    if (!spool_) spool_ = os::temporary_file("/tmp");
    if (!spool_) return false;
  }
  if (!os::write_all(spool_.get(), data.data(), data.size())) return false;
  spool_written_ += data.size();
  return true;
}

// Some of what was put aside goes to the client. False: it cannot be read back.
bool Passing::unspool() {
  char part[kUnspoolBytes];
  const std::size_t got = os::read_at(
      spool_.get(), part, std::min<std::uint64_t>({sizeof part, body_piece(request_), spool_written_ - spool_read_}),
      spool_read_);
  if (got == 0) return false;
  spool_read_ += got;
  write_body(request_, {part, got});
  return true;
}

void Passing::finish_connection() {
  auto& facts = request_.upstream.attempts.back();
  facts.response_ms = request_.site.loop().now_ms() - began_ms_;
  facts.ended = true;
  if (peer_) give_back(Balancing::End::kGood);
  if (connection_ == nullptr) return;
  // FastCGI: what follows the body's last byte up to END_REQUEST would be taken for the next answer.
  const bool at_end = reader_.wrapped() ? reader_.record_end() && !reader_.lacks_some() : reader_.complete();
  const bool reusable =
      connection_->call == nullptr && at_end && !server_ended_ && body_sent_ && connection_->in.empty() &&
      (how_.kind == PassHow::Kind::kHttp
           ? parser_.head().keep_alive
           : request_.settings->fastcgi.keep_conn.value_or(false) && how_.kind == PassHow::Kind::kFastcgi);
  if (!reusable) return drop_connection();
  group_->keep(std::move(connection_));
}

Async<int> Passing::relay() {
  const conf::PassingSettings& settings = *how_.settings;
  Client& client = request_.client();
  Signal& signal = request_.signal();
  if (const int outcome = begin_body(request_); outcome != kNext) {
    finish_connection();
    co_return outcome;
  }
  const auto room = static_cast<std::size_t>(
      !buffering_ ? (settings.buffer_size ? settings.buffer_size->bytes : 4096)
                  : (settings.buffers ? settings.buffers->count * settings.buffers->bytes : kBuffers));
  const auto file_most = static_cast<std::uint64_t>(!buffering_                   ? 0
                                                    : settings.max_temp_file_size ? settings.max_temp_file_size->bytes
                                                                                  : kTempFileMax);
  const bool limited =
      !request_.limit_rate.empty() || (request_.settings->limit_rate && request_.settings->limit_rate->written != "0");
  bool broken = false;
  for (;;) {
    // What has come goes on, to the client or behind what was put aside for it.
    bool full = false;
    while (connection_ != nullptr && !broken && !full) {
      const bool aside = spool_read_ < spool_written_;
      const bool to_client = !aside && client.held() < room;
      if (!to_client && spool_written_ - spool_read_ >= file_most) {
        full = true;
        break;
      }
      std::string_view data;
      std::size_t used = 0;
      const std::string_view come = unread(), piece = come.substr(0, body_piece(request_));
      AnswerReader::Step step = reader_.body(piece, &data, &used);
      // What frames the body may be longer than a piece.
      const bool has_more = piece.size() < come.size();
      if (step == AnswerReader::Step::kNeedMore && used == 0 && has_more) step = reader_.body(come, &data, &used);
      if (step == AnswerReader::Step::kBad) {
        log(Level::kError, "upstream sent invalid chunked response while reading upstream");
        broken = true;
        break;
      }
      if (step == AnswerReader::Step::kData) {
        request_.upstream.attempts.back().body_bytes += data.size();
        if (to_client) {
          write_body(request_, data);
        } else if (!spool(data)) {
          log(Level::kCrit, system_error("a temporary file for the answer cannot be written").text());
          broken = true;
        }
      }
      consume(used);
      if (step == AnswerReader::Step::kEnd) break;
      if (step == AnswerReader::Step::kNeedMore && (used == 0 || !has_more)) break;
    }
    if (!buffering_) flush_body(request_);
    // The server is done with: its connection may serve another request before our client has everything.
    const bool ended = reader_.complete() || (answer_ended() && unread().empty());
    if (ended && connection_ != nullptr) {
      // FastCGI without kept connections: as nginx, the end of the connection will do.
      const bool ends_so = reader_.wrapped() ? !reader_.lacks_some() && (reader_.record_end() || !keeps_records())
                                             : reader_.ends_with_connection() && !server_broke_off_;
      if (!reader_.complete() && !ends_so) {
        log(Level::kError, fmt::format("upstream prematurely closed {} while reading upstream",
                                       reader_.record_end() ? "FastCGI request" : "connection"));
        broken = true;
      }
      finish_connection();
    }
    if (broken) break;
    if (limited) {
      if (!co_await drain(request_, 0)) co_return kDone;
    } else if (ended && spool_read_ == spool_written_) {
      break;
    } else if (const bool more_at_hand =
                   !ended && !full && client.held() < kSendAtOnce && connection_->stream->has(kReadable);
               !more_at_hand && client.flush() == Client::Flow::kGone) {
      finish_connection();
      co_return kDone;
    }
    if (client.held() < room && spool_read_ < spool_written_) {
      if (!unspool()) {
        broken = true;
        break;
      }
      if (spool_read_ == spool_written_) {
        spool_ = os::UniqueFd();  // The disk space goes back at once.
        spool_read_ = spool_written_ = 0;
      }
      continue;
    }
    if (ended && spool_read_ == spool_written_) break;
    if (!ended && !full && connection_->stream->has(kReadable)) {
      static_cast<void>(receive());
      continue;
    }
    if (!ended && !full && connection_->stream->has(kGone)) {
      server_ended_ = true;
      continue;
    }
    if (full && client.held() < room) continue;
    // Wait for whoever is to go on.
    const bool blocked = client.held() > 0;
    std::uint32_t events = kGone;
    if (blocked) {
      events |= kWritable | kLate;
      client.arm(request_.settings->send_timeout.value_or(std::chrono::seconds(60)));
    }
    if (!ended && !full) {
      events |= kUpstreamReadable | kUpstreamGone | kUpstreamLate;
      connection_->stream->arm(settings.read_timeout.value_or(std::chrono::seconds(60)));
    }
    if (!signal.has(kReadable)) events |= kReadable;
    co_await signal.until(events);
    if (blocked && signal.has(kLate) && !signal.has(kWritable)) {
      log(Level::kInfo, "client timed out (110: Connection timed out) while sending to client");
      request_.timed_out = true;
      co_return kDone;
    }
    client.arm(std::chrono::milliseconds(0));
    if (client_left()) {
      log(Level::kInfo, "client prematurely closed connection while sending to client");
      finish_connection();
      co_return kDone;
    }
    if (!ended && !full && signal.has(kUpstreamLate) && !signal.has(kUpstreamReadable)) {
      log(Level::kError, "upstream timed out (110: Connection timed out) while reading upstream");
      broken = true;
      break;
    }
    if (connection_ != nullptr) connection_->stream->disarm();
  }
  if (broken) {
    finish_connection();
    client.cut_response();
    request_.keep_alive = false;
    static_cast<void>(co_await drain(request_, 0));
    co_return kDone;
  }
  end_body(request_);
  if (limited || client.flush() != Client::Flow::kDone) static_cast<void>(co_await drain(request_, 0));
  co_return kDone;
}

}  // namespace tierce::nginx
