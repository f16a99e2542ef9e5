#include "nginx/http2_stream.h"

#include <fmt/format.h>

#include <cstring>

#include "config/nginx/normal_path.h"
#include "http/http_date.h"
#include "nginx/access_logs.h"
#include "nginx/error_logs.h"
#include "nginx/phases.h"
#include "nginx/special_pages.h"
#include "nginx/tls_server.h"
#include "os/socket_io.h"

namespace tierce::nginx {
namespace {

// A waiting piece of a file is read into frames of this size.
constexpr std::uint64_t kSendAtOnce = 65536;

}  // namespace

void Http2Stream::start(Http2Connection& connection, http2::StreamId id, const http2::HeaderList& head,
                        bool body_follows) {
  auto* stream = new Http2Stream(connection, id);
  connection.session().set_context(id, stream);
  std::string text = head.as_text();
  // To whoever reads the head as HTTP/1 a body of unknown length is one in chunks.
  if (body_follows && head.find("content-length").empty())
    text.insert(text.size() - 2, "Transfer-Encoding: chunked\r\n");
  stream->exchange_->in.append(text);
  stream->body_ended_ = !body_follows;
  using Problem = http2::HeaderList::Problem;
  stream->serve_it(head.problem() == Problem::kBadRequest, head.problem() == Problem::kTooLarge);
}

Http2Stream::Http2Stream(Http2Connection& connection, http2::StreamId id) : connection_(connection), id_(id) {
  exchange_ = connection.thread().exchanges(connection.listener()).take();
  connection_.stream_began(*this);
}

Http2Stream::~Http2Stream() {
  request_.reset();
  connection_.thread().exchanges(connection_.listener()).give_back(std::move(exchange_));
  connection_.stream_freed(*this);
}

int Http2Stream::prepare(bool bad, bool too_large) {
  Request& request = *request_;
  if (too_large) return kHeadTooLarge;
  if (bad) return 400;
  const auto outcome = exchange_->parser.parse(exchange_->in.view());
  if (outcome != http::RequestParser::Outcome::kDone) {
    const int status =
        outcome == http::RequestParser::Outcome::kRefused ? http::status_of(exchange_->parser.error()) : 400;
    return status == 431 ? kHeadTooLarge : status;
  }
  const http::RequestHead& head = exchange_->head();
  exchange_->id = request.site.next_request_number();
  exchange_->used = head.head_bytes;
  request.method = head.method;
  request.method_name = exchange_->part(head.method_name);
  const auto host = conf::normal_host(exchange_->part(head.authority));
  if (!host) return 400;
  request.host = *host;
  if (!request.choose_server()) return 400;
  if (connection_.tls() != nullptr) {
    if (const int refused = check_tls_client(request); refused != 0) return refused;
  }
  const std::string_view path = head.path.length > 0 ? exchange_->part(head.path) : "/";
  if (!path.starts_with('/')) return 400;
  const bool merges = request.server->settings.merge_slashes.value_or(true);
  auto normal = conf::normal_path(path, merges ? conf::Slashes::kMerged : conf::Slashes::kKept);
  if (!normal) return 400;
  request.uri = std::move(normal->path);
  if (head.has_query) request.args = exchange_->part(head.query);
  // It would show what only servers shall see.
  if (request.method == http::Method::kTrace) {
    request.site.error_logs().line(Level::kInfo, request, "client sent TRACE method");
    return 405;
  }
  return 0;
}

edge::Task Http2Stream::serve_it(bool bad, bool too_large) {
  Site& site = connection_.thread().site();
  site.counters().requests.fetch_add(1, std::memory_order_relaxed);
  site.counters().writing.fetch_add(1, std::memory_order_relaxed);
  request_ = site.requests().take(*this, signal_, *exchange_);
  request_->begin(connection_.listener());
  request_->tls = connection_.tls() != nullptr;
  request_->refused = prepare(bad, too_large);
  const int outcome = co_await serve(*request_);
  request_->held_slots.clear();
  site.access_logs().add(*request_);
  site.counters().writing.fetch_sub(1, std::memory_order_relaxed);
  timer_.cancel();
  finished_ = true;
  if (gone_) {
    delete this;
    co_return;
  }
  // Without an answer, or in the middle of one, or with one that is not taken, the stream can only be reset; on_end
  // frees this then. The same for one whose answer is out and whose request is not: nobody reads the rest of it.
  const bool stuck = request_->timed_out && held() > 0;
  if (outcome == kClose || !response_ended_ || cut_ || stuck) connection_.session().reset(id_);
  connection_.wants_output();
}

void Http2Stream::add_body(std::string_view data) {
  if (finished_) return;  // The window stays as it is: nobody wants more.
  body_.append(data);
  signal_.raise(kReadable);
}

void Http2Stream::end_body() {
  body_ended_ = true;
  if (!finished_) signal_.raise(kReadable);
}

void Http2Stream::end(http2::Ending) {
  gone_ = true;
  if (finished_) {
    delete this;
    return;
  }
  // What was said to the end was taken to the end.
  if (response_ended_ && held() == 0 && !cut_) return signal_.raise(kWritable);
  signal_.raise(kGone);
}

Client::Input Http2Stream::take_body(std::string_view* data) {
  if (body_given_ > 0) {
    if (!gone_) connection_.session().consume(id_, body_given_);
    body_.erase(0, body_given_);
    body_given_ = 0;
    connection_.wants_output();
  }
  if (!body_.empty()) {
    *data = body_;
    body_given_ = body_.size();
    return Input::kData;
  }
  if (body_ended_) return Input::kEnd;
  if (gone_) return Input::kGone;
  signal_.clear(kReadable);
  return Input::kWait;
}

void Http2Stream::say_continue(Request& request) {
  if (!exchange_->head().expect_continue || request.expect_said || gone_) return;
  request.expect_said = true;
  connection_.session().inform(id_, 100, {});
  connection_.wants_output();
}

void Http2Stream::begin_response(Request& request, const Response& response, bool has_body) {
  if (gone_) return;
  std::vector<http2::ServerSession::Field> fields;
  Site& site = request.site;
  std::string type = response.content_type;
  if (!response.charset.empty()) type += "; charset=" + response.charset;
  const std::string length = std::to_string(response.content_length);
  char modified[http::kHttpDateBytes];
  if (response.fields.find("server") == FieldList::kNotFound) fields.push_back({"server", product(*request.settings)});
  if (response.fields.find("date") == FieldList::kNotFound) fields.push_back({"date", site.loop().http_date()});
  if (!type.empty() && response.status != 204) fields.push_back({"content-type", type});
  if (response.content_length >= 0 && response.status != 204) fields.push_back({"content-length", length});
  if (response.last_modified >= 0 && response.status != 204) {
    http::format_http_date(response.last_modified, modified);
    fields.push_back({"last-modified", {modified, sizeof modified}});
  }
  if (!response.location.empty()) fields.push_back({"location", response.location});
  if (!response.etag.empty()) fields.push_back({"etag", response.etag});
  for (std::size_t i = 0; i < response.fields.size(); ++i) {
    if (!response.fields.name(i).empty()) fields.push_back({response.fields.name(i), response.fields.value(i)});
  }
  begun_ = true;
  const bool body = has_body && response.content_length != 0;
  connection_.session().respond(id_, response.status, fields, body ? this : nullptr);
  connection_.wants_output();
}

void Http2Stream::write_file(int file, std::uint64_t at, std::uint64_t bytes) {
  file_ = file;
  file_at_ = at;
  file_left_ = bytes;
}

void Http2Stream::add_trailer(std::string_view name, std::string_view value) {
  const http2::HeaderList::Field field{name, value};
  if (!gone_) connection_.session().set_trailers(id_, {&field, 1});
}

void Http2Stream::end_response() {
  response_ended_ = true;
  if (gone_) return;
  connection_.session().resume(id_);
  connection_.wants_output();
}

void Http2Stream::cut_response() {
  cut_ = true;
  if (gone_) return;
  connection_.session().resume(id_);
  connection_.wants_output();
}

Client::Flow Http2Stream::flush() {
  allowed_ = ~std::uint64_t{0};
  if (held() == 0) return Flow::kDone;
  if (gone_) return Flow::kGone;
  signal_.clear(kWritable);
  connection_.session().resume(id_);
  connection_.wants_output();
  return Flow::kBlocked;
}

Client::Flow Http2Stream::flush(std::uint64_t most, std::uint64_t* went) {
  // What goes, goes at the end of the turn: the next call counts it.
  *went = 0;
  const Flow flow = flush();
  allowed_ = most > ~std::uint64_t{0} - sent_ ? ~std::uint64_t{0} : sent_ + most;
  return flow;
}

void Http2Stream::arm(std::chrono::milliseconds after) {
  signal_.clear(kLate);
  if (after.count() <= 0) return timer_.cancel();
  Loop& loop = connection_.thread().loop();
  loop.timers().arm(timer_, loop.now_ns() + static_cast<std::uint64_t>(after.count()) * 1'000'000, &signal_,
                    [](void* signal) { static_cast<Signal*>(signal)->raise(kLate); });
}

http2::BodySource::Piece Http2Stream::read(http2::StreamId, char* into, std::size_t bytes) {
  if (cut_) return {0, State::kFailed};
  std::size_t got = 0;
  const std::uint64_t room = allowed_ > sent_ ? allowed_ - sent_ : 0;
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>({bytes, room, kSendAtOnce}));
  if (!out_.empty()) {
    got = std::min(most, out_.size());
    std::memcpy(into, out_.data(), got);
    out_.consume(got);
  } else if (file_left_ > 0) {
    got = os::read_at(file_, into, static_cast<std::size_t>(std::min<std::uint64_t>(most, file_left_)), file_at_);
    if (got == 0 && most > 0) return {0, State::kFailed};  // It became shorter than was announced.
    file_at_ += got;
    file_left_ -= got;
  }
  sent_ += got;
  const bool last = response_ended_ && held() == 0;
  if (got == 0 && !last) return {0, State::kLater};
  // The request goes on when the session is left.
  if ((held() == 0 || sent_ >= allowed_) && !finished_) connection_.stream_drained(*this);
  return {got, last ? State::kEnd : State::kMore};
}

}  // namespace tierce::nginx
