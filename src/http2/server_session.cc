#include "http2/server_session.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/check.h"

namespace tierce::http2 {
namespace {

// Acknowledgements, resets and window updates that the client has not read: nghttp2's bound for the first, ours for
// the rest.
constexpr std::size_t kUnsentFramesMax = 1000;
// nginx's: beside one useful byte in eight, a client may send so many.
constexpr std::uint64_t kUselessBytes = 1048576;
// What a field counts beside its bytes (RFC 9113 6.5.2).
constexpr std::size_t kFieldOverhead = 32;
// Of one head: 16 KiB each is what a frame holds.
constexpr std::uint32_t kContinuationsMax = 16;
// Streams that a client makes us reset (CVE-2025-8671), beside one for each that it completes.
constexpr std::uint64_t kFaultsMax = 100;
// Streams whose memory is kept for the next ones of the connection.
constexpr std::size_t kSpareStreams = 8;
constexpr std::array<std::uint8_t, 8> kShutdownPing = {'t', 'i', 'e', 'r', 'c', 'e', 0, 1};

std::string_view view(const std::uint8_t* bytes, std::size_t count) {
  return {reinterpret_cast<const char*>(bytes), count};
}

// nghttp2 copies what it is given.
nghttp2_nv pair_of(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));  // NOLINT: C's signature
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

// RFC 9113 8.2.2.
bool is_about_the_connection(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kNames = {"connection", "keep-alive",        "proxy-connection",
                                                             "upgrade",    "transfer-encoding", "http2-settings"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// An answer's fields as nghttp2 wants them.
class Pairs {
 public:
  explicit Pairs(std::span<const HeaderList::Field> fields, int status = 0) {
    std::size_t bytes = 0;
    for (const auto& field : fields) bytes += field.name.size();
    names_.reserve(bytes);  // The views into it stay good.
    if (status != 0) {
      fmt::format_to_n(status_, sizeof status_, "{:03}", status);
      all_.push_back(pair_of(":status", {status_, sizeof status_}));
    }
    for (const auto& [name, value] : fields) {
      const std::size_t begin = names_.size();
      for (const char c : name) names_ += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c;
      const std::string_view lower = std::string_view(names_).substr(begin);
      if (!is_about_the_connection(lower)) all_.push_back(pair_of(lower, value));
    }
  }
  const nghttp2_nv* data() const { return all_.data(); }
  std::size_t size() const { return all_.size(); }

 private:
  char status_[3] = {};
  std::string names_;
  std::vector<nghttp2_nv> all_;
};

}  // namespace

struct ServerSession::Stream {
  StreamId id = 0;
  std::size_t place = 0;  // In live_.
  HeaderList head;
  std::vector<std::pair<std::string, std::string>> trailers;
  void* context = nullptr;
  BodySource* body = nullptr;
  std::size_t unconsumed = 0;
  std::size_t window = 0;
  bool announced = false;   // on_request has been.
  bool body_ended = false;  // The client's.
  bool answered = false;
  bool unread = false;  // Answered to the end, and the client has not been told to stop its body.
  bool reset_by_us = false;
};

// What nghttp2 calls: from within its functions for received bytes and for output.
struct Callbacks {
  using Stream = ServerSession::Stream;

  static ServerSession& self(void* data) { return *static_cast<ServerSession*>(data); }

  // nghttp2 counts CONTINUATION frames by its own calls, so that those of a slow client count several times.
  static int begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* data) {
    ServerSession& session = self(data);
    session.continuations_ = head->type == NGHTTP2_CONTINUATION ? session.continuations_ + 1 : 0;
    return session.continuations_ > kContinuationsMax ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
  }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    self(data).block_bytes_ = 0;
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) self(data).begin_stream(frame->hd.stream_id);
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_bytes,
                    const std::uint8_t* value, std::size_t value_bytes, std::uint8_t, void* data) {
    ServerSession& session = self(data);
    // A byte of a client may stand for 4,000 of a field that came before (HPACK): what is refused anyway costs little.
    session.block_bytes_ += name_bytes + value_bytes + kFieldOverhead;
    if (session.is_bomb()) return NGHTTP2_ERR_CALLBACK_FAILURE;
    Stream* stream = session.find(frame->hd.stream_id);
    // Trailers of a request are nobody's wish; as with nginx they are left out.
    if (stream == nullptr || stream->announced) return 0;
    if (stream->head.problem() != HeaderList::Problem::kNone) return 0;
    session.bytes_useful_ += name_bytes + value_bytes;
    if (!stream->head.add(view(name, name_bytes), view(value, value_bytes), session.limits_.head_bytes_max))
      stream->head.set_problem(HeaderList::Problem::kTooLarge);
    return 0;
  }

  // Without this nghttp2 would only leave it out.
  static int invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t,
                            const std::uint8_t*, std::size_t, std::uint8_t, void*) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int frame_came(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    ServerSession& session = self(data);
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 && session.shutting_down_ &&
        std::equal(kShutdownPing.begin(), kShutdownPing.end(), frame->ping.opaque_data))
      session.finish_shutdown();
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
    Stream* stream = session.find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    const bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (ended) stream->body_ended = true;
    if (!stream->announced) {
      session.head_came(*stream, !ended);
    } else if (!ended && stream->unread) {
      session.stop_body(*stream);
    } else if (ended) {
      session.owner_.on_body_end(stream->id);
    }
    return 0;
  }

  static int data_came(nghttp2_session*, std::uint8_t, StreamId id, const std::uint8_t* bytes, std::size_t count,
                       void* data) {
    ServerSession& session = self(data);
    session.bytes_useful_ += count;
    Stream* stream = session.find(id);
    if (stream == nullptr || !stream->announced) {
      nghttp2_session_consume_connection(session.session_.get(), count);
      return 0;
    }
    // nghttp2 resets a stream whose window is overrun, and hands on what still comes for it.
    if (stream->unconsumed + count > stream->window) {
      nghttp2_session_consume_connection(session.session_.get(), count);
      return 0;
    }
    stream->unconsumed += count;
    session.owner_.on_body(id, view(bytes, count));
    return 0;
  }

  static int stream_closed(nghttp2_session*, StreamId id, std::uint32_t error, void* data) {
    ServerSession& session = self(data);
    Stream* stream = session.find(id);
    if (stream == nullptr) return 0;
    const Ending ending = stream->reset_by_us         ? Ending::kResetByUs
                          : error == NGHTTP2_NO_ERROR ? Ending::kComplete
                                                      : Ending::kResetByClient;
    if (ending == Ending::kComplete) ++session.completed_;
    session.end_stream(*stream, ending);
    return 0;
  }

  static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* data) {
    ServerSession& session = self(data);
    Stream* stream = session.find(frame->hd.stream_id);
    if (stream == nullptr) return 0;
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
      const std::uint32_t error = frame->rst_stream.error_code;
      // A reset for the rest of a body that the answer did not need is no failure.
      stream->reset_by_us = error != NGHTTP2_NO_ERROR;
      if (stream->reset_by_us && error != NGHTTP2_INTERNAL_ERROR) ++session.faults_;
    }
    const bool carries_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (carries_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 && !stream->body_ended)
      session.answered_unread(*stream);
    return 0;
  }

  static ssize_t read_body(nghttp2_session* nghttp2, StreamId id, std::uint8_t* into, std::size_t bytes,
                           std::uint32_t* flags, nghttp2_data_source*, void* data) {
    Stream* stream = self(data).find(id);
    if (stream == nullptr || stream->body == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const BodySource::Piece piece = stream->body->read(id, reinterpret_cast<char*>(into), bytes);
    check(piece.bytes <= bytes, "a body gives no more than it is asked for");
    switch (piece.state) {
      case BodySource::State::kLater:
        return NGHTTP2_ERR_DEFERRED;
      case BodySource::State::kFailed:
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
      case BodySource::State::kMore:
        if (piece.bytes == 0) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        return static_cast<ssize_t>(piece.bytes);
      case BodySource::State::kEnd:
        break;
    }
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!stream->trailers.empty()) {
      std::vector<HeaderList::Field> fields;
      for (const auto& [name, value] : stream->trailers) fields.push_back({name, value});
      const Pairs pairs(fields);
      if (nghttp2_submit_trailer(nghttp2, id, pairs.data(), pairs.size()) == 0)
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    }
    return static_cast<ssize_t>(piece.bytes);
  }

  static nghttp2_session_callbacks* all() {
    static nghttp2_session_callbacks* const made = [] {
      nghttp2_session_callbacks* callbacks = nullptr;
      check(nghttp2_session_callbacks_new(&callbacks) == 0, "there is memory for HTTP/2");
      nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, begin_frame);
      nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
      nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
      nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, invalid_header);
      nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frame_came);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, data_came);
      nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
      nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_sent);
      return callbacks;
    }();
    return made;
  }

  static nghttp2_option* options() {
    static nghttp2_option* const made = [] {
      nghttp2_option* option = nullptr;
      check(nghttp2_option_new(&option) == 0, "there is memory for HTTP/2");
      nghttp2_option_set_no_auto_window_update(option, 1);  // The owner's consume() opens windows.
      nghttp2_option_set_no_closed_streams(option, 1);
      nghttp2_option_set_max_outbound_ack(option, kUnsentFramesMax);
      nghttp2_option_set_max_settings(option, 32);
#ifdef TIERCE_NGHTTP2_COUNTS_CONTINUATIONS
      nghttp2_option_set_max_continuations(option, std::numeric_limits<std::size_t>::max());  // begin_frame() counts.
#endif
      // CVE-2023-44487: so many at once, and so many a second after.
      nghttp2_option_set_stream_reset_rate_limit(option, 1000, 33);
      return option;
    }();
    return made;
  }
};

void ServerSession::Free::operator()(nghttp2_session* session) const { nghttp2_session_del(session); }

ServerSession::ServerSession(Owner& owner, const Limits& limits) : owner_(owner), limits_(limits) {
  nghttp2_session* made = nullptr;
  check(nghttp2_session_server_new2(&made, Callbacks::all(), this, Callbacks::options()) == 0,
        "there is memory for HTTP/2");
  session_.reset(made);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.preread_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.head_bytes_max)},
      // Without the tree of RFC 7540, which a client could make large and wrong.
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  };
  check(nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings, std::size(settings)) == 0, "settings can be sent");
  // The streams' windows are the limit.
  nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0, std::numeric_limits<std::int32_t>::max());
}

ServerSession::~ServerSession() = default;

ServerSession::Stream* ServerSession::find(StreamId stream) const {
  return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session_.get(), stream));
}

void ServerSession::begin_stream(StreamId id) {
  std::unique_ptr<Stream> stream;
  if (spare_.empty()) {
    stream = std::make_unique<Stream>();
  } else {
    stream = std::move(spare_.back());
    spare_.pop_back();
  }
  stream->id = id;
  stream->place = live_.size();
  // A client that has not read our settings yet may send as much as RFC 9113 6.9.2 lets it.
  stream->window = std::max<std::size_t>(limits_.preread_bytes, NGHTTP2_INITIAL_WINDOW_SIZE);
  check(nghttp2_session_set_stream_user_data(session_.get(), id, stream.get()) == 0, "a stream that begins is there");
  live_.push_back(std::move(stream));
}

void ServerSession::end_stream(Stream& ended, Ending ending) {
  if (ended.unread) --unread_;
  if (ended.unconsumed > 0) nghttp2_session_consume_connection(session_.get(), ended.unconsumed);
  // The owner finds its context for the last time.
  if (ended.announced) {
    --announced_;
    owner_.on_end(ended.id, ending);
  }
  nghttp2_session_set_stream_user_data(session_.get(), ended.id, nullptr);
  const std::size_t place = ended.place;
  std::swap(live_[place], live_.back());
  live_[place]->place = place;
  std::unique_ptr<Stream> stream = std::move(live_.back());
  live_.pop_back();
  // An idle connection keeps one.
  if (spare_.size() >= (live_.empty() ? 1 : kSpareStreams)) return;
  HeaderList head = std::move(stream->head);
  head.clear();
  *stream = Stream{};
  stream->head = std::move(head);
  spare_.push_back(std::move(stream));
}

void ServerSession::head_came(Stream& stream, bool body_follows) {
  HeaderList& head = stream.head;
  if (head.problem() == HeaderList::Problem::kNone) {
    if (!head.finish()) {
      nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_PROTOCOL_ERROR);
      return;
    }
    // CONNECT has neither.
    if (head.path().empty() || head.scheme().empty()) head.set_problem(HeaderList::Problem::kBadRequest);
    // With a host in it (RFC 9113 8.3.1 has none) another server than :authority's would be meant.
    if (!head.path().starts_with('/') && head.path() != "*") head.set_problem(HeaderList::Problem::kBadRequest);
  }
  stream.announced = true;
  ++announced_;
  ++requests_;
  owner_.on_request(stream.id, head, body_follows);
}

bool ServerSession::is_flood() const {
  return bytes_total_ / 8 > bytes_useful_ + kUselessBytes || faults_ > completed_ + kFaultsMax ||
         nghttp2_session_get_outbound_queue_size(session_.get()) > kUnsentFramesMax + limits_.streams_max;
}

bool ServerSession::is_bomb() const { return block_bytes_ / 4 > limits_.head_bytes_max; }

void ServerSession::break_off(std::string why) {
  if (broken_) return;
  broken_ = true;
  why_ = std::move(why);
  nghttp2_session_terminate_session(session_.get(), NGHTTP2_ENHANCE_YOUR_CALM);
}

bool ServerSession::feed(std::string_view bytes) {
  // In pieces, so that what they cost is looked at in between.
  constexpr std::size_t kPiece = 16384;
  while (!bytes.empty() && !broken_) {
    const std::string_view now = bytes.substr(0, kPiece);
    bytes.remove_prefix(now.size());
    const ssize_t taken =
        nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(now.data()), now.size());
    bytes_total_ += now.size();
    if (is_bomb())
      break_off("a head that is many times too large");
    else if (continuations_ > kContinuationsMax)
      break_off("a head in too many CONTINUATION frames");
    else if (taken < 0)
      break_off(taken == NGHTTP2_ERR_FLOODED ? "http2 flood detected" : nghttp2_strerror(static_cast<int>(taken)));
    else if (is_flood())
      break_off("http2 flood detected");
  }
  return !broken_ && nghttp2_session_want_read(session_.get()) != 0;
}

std::size_t ServerSession::take_output(std::string& into, std::size_t bytes_max) {
  const std::size_t before = into.size();
  while (into.size() < bytes_max) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t made = nghttp2_session_mem_send(session_.get(), &bytes);
    if (made < 0) broken_ = true;
    if (made <= 0) break;
    into += view(bytes, static_cast<std::size_t>(made));
  }
  return into.size() - before;
}

bool ServerSession::has_output() const { return nghttp2_session_want_write(session_.get()) != 0; }

bool ServerSession::is_finished() const {
  return !has_output() && (broken_ || nghttp2_session_want_read(session_.get()) == 0 || (shut_down_ && live_.empty()));
}

void ServerSession::set_context(StreamId stream, void* context) {
  if (Stream* found = find(stream); found != nullptr) found->context = context;
}

void* ServerSession::context(StreamId stream) const {
  const Stream* found = find(stream);
  return found != nullptr ? found->context : nullptr;
}

void ServerSession::inform(StreamId stream, int status, std::span<const Field> fields) {
  if (find(stream) == nullptr) return;
  const Pairs pairs(fields, status);
  nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream, nullptr, pairs.data(), pairs.size(), nullptr);
}

void ServerSession::respond(StreamId stream, int status, std::span<const Field> fields, BodySource* body) {
  Stream* found = find(stream);
  if (found == nullptr) return;
  check(!found->answered, "a stream is answered once");
  found->answered = true;
  found->body = body;
  const Pairs pairs(fields, status);
  nghttp2_data_provider provider{{}, Callbacks::read_body};
  nghttp2_submit_response(session_.get(), stream, pairs.data(), pairs.size(), body != nullptr ? &provider : nullptr);
}

void ServerSession::set_trailers(StreamId stream, std::span<const Field> fields) {
  Stream* found = find(stream);
  if (found == nullptr) return;
  for (const auto& [name, value] : fields) found->trailers.emplace_back(name, value);
}

void ServerSession::resume(StreamId stream) { nghttp2_session_resume_data(session_.get(), stream); }

void ServerSession::consume(StreamId stream, std::size_t bytes) {
  Stream* found = find(stream);
  if (found == nullptr) return;
  bytes = std::min(bytes, found->unconsumed);
  found->unconsumed -= bytes;
  nghttp2_session_consume(session_.get(), stream, bytes);
}

void ServerSession::widen(StreamId stream, std::uint32_t bytes) {
  constexpr std::uint32_t kMost = std::numeric_limits<std::int32_t>::max();
  Stream* found = find(stream);
  if (found == nullptr) return;
  found->window = std::max<std::size_t>(found->window, bytes);
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, stream,
                                        static_cast<std::int32_t>(std::min(bytes, kMost)));
}

void ServerSession::reset(StreamId stream) {
  if (find(stream) == nullptr) return;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream, NGHTTP2_INTERNAL_ERROR);
}

void ServerSession::answered_unread(Stream& stream) {
  stream.unread = true;
  ++unread_;
}

void ServerSession::stop_body(Stream& stream) {
  stream.unread = false;
  --unread_;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_NO_ERROR);
}

void ServerSession::stop_unread_bodies() {
  for (const auto& stream : live_) {
    if (stream->unread) stop_body(*stream);
  }
}

void ServerSession::begin_shutdown() {
  if (shutting_down_ || broken_) return;
  shutting_down_ = true;
  nghttp2_submit_shutdown_notice(session_.get());
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, kShutdownPing.data());
}

void ServerSession::finish_shutdown() {
  if (shut_down_ || broken_) return;
  shutting_down_ = shut_down_ = true;
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_.get()),
                        NGHTTP2_NO_ERROR, nullptr, 0);
}

}  // namespace tierce::http2
