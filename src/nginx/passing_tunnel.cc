// An upgrade: both sides send what they like until one of them ends.
#include "nginx/passing.h"
#include "nginx/responder.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

constexpr std::size_t kTunnelBytes = 16384;

// Moves bytes one way as far as they go. `held` are those that the receiver has not taken. False: one side has ended.
bool move(Stream& from, Stream& to, std::string& held, std::uint64_t* moved) {
  for (;;) {
    while (!held.empty()) {
      const os::IoResult sent = to.io().send(held.data(), held.size());
      if (sent.outcome == os::Io::kClosed) return false;
      if (sent.outcome == os::Io::kWouldBlock || sent.bytes == 0) {
        to.clear(kWritable);
        return true;
      }
      *moved += sent.bytes;
      held.erase(0, sent.bytes);
    }
    if (!from.has(kReadable)) return true;
    char bytes[kTunnelBytes];
    const os::IoResult got = from.io().receive(bytes, sizeof bytes);
    if (got.outcome == os::Io::kClosed) return false;
    if (got.bytes < sizeof bytes && !from.peer_ended() && !from.io().ended()) from.clear(kReadable);
    if (got.bytes == 0) return true;
    held.assign(bytes, got.bytes);
  }
}

}  // namespace

Async<int> Passing::tunnel() {
  Stream* client = request_.client().raw_stream();
  if (client == nullptr) {
    finish_connection();
    co_return 502;
  }
  Response& response = request_.response;
  response.content_length = -1;
  const std::string_view protocol = request_.upstream.fields.get("upgrade");
  if (response.fields.find("upgrade") == FieldList::kNotFound && !protocol.empty())
    response.fields.add("Upgrade", protocol);
  if (const int outcome = begin_body(request_); outcome != kNext) co_return outcome;
  request_.upgraded = true;
  if (!co_await drain(request_, 0)) co_return kDone;
  Stream& server = *connection_->stream;
  std::string to_client(connection_->in.view()), to_server(request_.client().early_bytes());
  connection_->in.consume(connection_->in.size());
  std::uint64_t sent = 0, received = 0;
  const auto patience = how_.settings->read_timeout.value_or(std::chrono::seconds(60));
  for (;;) {
    const bool goes_down = move(server, *client, to_client, &received);
    const bool goes_up = move(*client, server, to_server, &sent);
    if (!goes_down || !goes_up || request_.signal().has(kGone)) break;
    if (server.has(kGone) && !server.has(kReadable)) break;
    std::uint32_t events = kGone | kUpstreamGone | kUpstreamLate;
    // A side whose bytes are not taken is not read.
    events |= to_client.empty() ? std::uint32_t{kUpstreamReadable} : std::uint32_t{kWritable};
    events |= to_server.empty() ? std::uint32_t{kReadable} : std::uint32_t{kUpstreamWritable};
    server.arm(patience);
    co_await request_.signal().until(events);
    if (request_.signal().has(kUpstreamLate)) {
      log(Level::kInfo, "upstream timed out (110: Connection timed out) while proxying upgraded connection");
      break;
    }
    server.disarm();
  }
  request_.client().add_sent(received);
  auto& facts = request_.upstream.attempts.back();
  facts.body_bytes += received;
  facts.bytes_received += received;
  facts.bytes_sent += sent;
  server_ended_ = true;
  finish_connection();
  co_return kDone;
}

}  // namespace tierce::nginx
