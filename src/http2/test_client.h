// What a client says in HTTP/2: by nghttp2's own client, and as raw frames, which may be wrong.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http2/server_session.h"

namespace tierce::http2 {

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum FrameType : std::uint8_t {
  kData,
  kHeaders,
  kPriority,
  kRst,
  kSettings,
  kPush,
  kPing,
  kGoaway,
  kWindow,
  kContinuation
};

inline std::string number(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}
inline std::string frame(FrameType type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string bytes = number(static_cast<std::uint32_t>(payload.size())).substr(1);
  bytes += static_cast<char>(type);
  bytes += static_cast<char>(flags);
  return bytes.append(number(stream)).append(payload);
}
inline constexpr std::uint8_t kEndStream = 1, kEndHeaders = 4, kAck = 1;

using Fields = std::vector<std::pair<std::string, std::string>>;

// Literals that nobody remembers: the simplest of HPACK. Names and values below 127 bytes.
inline std::string plain_block(const Fields& fields) {
  std::string bytes;
  for (const auto& [name, value] : fields) {
    bytes += '\0';
    bytes.append(1, static_cast<char>(name.size())).append(name);
    bytes.append(1, static_cast<char>(value.size())).append(value);
  }
  return bytes;
}
inline Fields get(const std::string& path = "/") {
  return {{":method", "GET"}, {":scheme", "https"}, {":authority", "a.example"}, {":path", path}};
}
inline std::string request(std::uint32_t stream, const Fields& fields, std::uint8_t flags = kEndStream | kEndHeaders) {
  return frame(kHeaders, flags, stream, plain_block(fields));
}
inline std::string beginning() { return std::string(kPreface) + frame(kSettings, 0, 0, ""); }

// Writes down what happens.
class TestOwner : public Owner {
 public:
  void on_request(StreamId stream, const HeaderList& head, bool body_follows) override {
    log += std::to_string(stream) + (body_follows ? " begins, " : " is ") + std::string(head.method()) + " " +
           std::string(head.path()) + "\n";
    texts[stream] = head.as_text();
    if (session != nullptr) session->set_context(stream, &texts[stream]);
    problems[stream] = head.problem();
    if (answer_at_once) session->respond(stream, 200, {}, nullptr);
  }
  void on_body(StreamId stream, std::string_view data) override { bodies[stream] += data; }
  void on_body_end(StreamId stream) override { log += std::to_string(stream) + " has come\n"; }
  void on_end(StreamId stream, Ending ending) override {
    static constexpr std::string_view kWords[] = {"complete", "reset by the client", "reset by us"};
    if (session != nullptr && session->context(stream) == nullptr) log += "without its context ";
    log += std::to_string(stream) + " " + std::string(kWords[static_cast<std::size_t>(ending)]) + "\n";
  }
  ServerSession* session = nullptr;
  bool answer_at_once = false;
  std::string log;
  std::map<StreamId, std::string> texts, bodies;
  std::map<StreamId, HeaderList::Problem> problems;
};

// The frames that the server has said, as "TYPE stream payload-or-error".
inline std::vector<std::string> frames_in(std::string_view bytes) {
  std::vector<std::string> all;
  const auto read = [&bytes](std::size_t from, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = from; i < from + count; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  };
  static constexpr std::string_view kNames[] = {"DATA", "HEADERS", "PRIORITY", "RST_STREAM",    "SETTINGS",
                                                "PUSH", "PING",    "GOAWAY",   "WINDOW_UPDATE", "CONTINUATION"};
  while (bytes.size() >= 9) {
    const std::size_t length = read(0, 3);
    const auto type = static_cast<unsigned char>(bytes[3]);
    std::string text = std::string(kNames[type]) + " " + std::to_string(read(5, 4));
    if (type == kRst) text += " " + std::string(nghttp2_http2_strerror(read(9, 4)));
    if (type == kGoaway) text += " " + std::string(nghttp2_http2_strerror(read(13, 4)));
    if (type == kData) text += " " + std::to_string(length);
    all.push_back(text);
    bytes.remove_prefix(9 + length);
  }
  return all;
}

// A client that keeps to the rules.
class TestClient {
 public:
  TestClient() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_bytes,
                      const std::uint8_t* value, std::size_t value_bytes, std::uint8_t, void* data) {
          static_cast<TestClient*>(data)->heads[frame->hd.stream_id] +=
              std::string(reinterpret_cast<const char*>(name), name_bytes) + "=" +
              std::string(reinterpret_cast<const char*>(value), value_bytes) + "\n";
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks,
        [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t count, void* data) {
          static_cast<TestClient*>(data)->bodies[id].append(reinterpret_cast<const char*>(bytes), count);
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t error, void* data) {
          static_cast<TestClient*>(data)->ends[id] = nghttp2_http2_strerror(error);
          return 0;
        });
    nghttp2_session_client_new(&session, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session, 0, nullptr, 0);
  }
  ~TestClient() { nghttp2_session_del(session); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  // `body` nullptr: none. It is to live on.
  std::int32_t ask(const Fields& fields, std::string* body = nullptr) {
    std::vector<nghttp2_nv> pairs;
    for (const auto& [name, value] : fields)
      pairs.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                       reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(), 0});
    nghttp2_data_provider provider{};
    provider.source.ptr = body;
    provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t bytes,
                                std::uint32_t* flags, nghttp2_data_source* source, void*) {
      auto& left = *static_cast<std::string*>(source->ptr);
      const std::size_t now = std::min(bytes, left.size());
      left.copy(reinterpret_cast<char*>(into), now);
      left.erase(0, now);
      if (left.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
      return static_cast<ssize_t>(now);
    };
    return nghttp2_submit_request(session, nullptr, pairs.data(), pairs.size(), body != nullptr ? &provider : nullptr,
                                  nullptr);
  }
  std::string output() {
    std::string all;
    const std::uint8_t* bytes = nullptr;
    while (const ssize_t made = nghttp2_session_mem_send(session, &bytes)) {
      if (made < 0) break;
      all.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(made));
    }
    return all;
  }
  // Until neither has anything to say.
  void talk_to(ServerSession& server) {
    for (int turn = 0; turn < 10000; ++turn) {
      const std::string there = output();
      if (!there.empty()) server.feed(there);
      std::string back;
      server.take_output(back, 16384);
      nghttp2_session_mem_recv(session, reinterpret_cast<const std::uint8_t*>(back.data()), back.size());
      if (there.empty() && back.empty()) return;
    }
  }

  nghttp2_session* session = nullptr;
  std::map<std::int32_t, std::string> heads, bodies, ends;
};

}  // namespace tierce::http2
