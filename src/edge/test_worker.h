// For tests of the edge: a worker and its clients in one process, with the real shared memory between
// them. The test says when the worker does what, and what time it is.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "edge/exchange.h"
#include "edge/worker_link.h"

namespace tierce::edge {

inline constexpr gateway::MailboxShape kTestShape = {.slots = 8, .request_bytes = 16384, .response_bytes = 8192};

// A client with one request, which counts what it is told.
class TestClient final : public ExchangeOwner {
 public:
  explicit TestClient(std::uint64_t id = 1, std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      : exchange(limits(), variable_limits()) {
    exchange.begin(this);
    exchange.in.append(request);
    EXPECT_EQ(exchange.parser.parse(exchange.in.view()), http::RequestParser::Outcome::kDone);
    exchange.used = exchange.parser.head().head_bytes;
    exchange.id = id;
  }
  void on_progress() override {
    ++told;
    if (then) then(*this);
  }

  Exchange exchange;
  int told = 0;
  std::function<void(TestClient&)> then;  // What the client does about it.

 private:
  static const http::VariableLimits& variable_limits() {
    static const http::VariableLimits defaults;
    return defaults;
  }
  static const http::HeadLimits& limits() {
    static const http::HeadLimits defaults;
    return defaults;
  }
};

class TestWorker {
 public:
  explicit TestWorker(std::uint32_t id = 1, std::uint32_t threads = 1, const gateway::MailboxShape& shape = kTestShape)
      : id_(id), threads_(threads) {
    auto created = gateway::Region::create(1, shape);
    region = std::move(*gateway::Region::map(os::UniqueFd(::dup(created->fd()))));
    edge_region_ = std::make_shared<gateway::Region>(std::move(*created));
    auto ends = os::MessageChannel::pair(true);
    edge_end_ = std::move(ends->first);
    mailbox = region.mailbox(0);
    descriptors.emplace(std::move(ends->second), mailbox);
  }
  // The edge's end; once.
  std::unique_ptr<WorkerLink> link(RunsIn runs_in = RunsIn::kThreads) {
    return std::make_unique<WorkerLink>(id_, static_cast<std::int32_t>(1000 + id_), threads_, edge_region_, 0,
                                        std::move(edge_end_), runs_in);
  }

  std::optional<std::uint32_t> take(std::uint64_t now_ns, std::uint32_t thread = 0) const {
    return mailbox.take(thread, now_ns);
  }
  std::uint64_t request_of(std::uint32_t slot) const { return mailbox.slot(slot).request.request_id; }
  void head(std::uint32_t slot, std::string_view text, std::int64_t content_length, int status = 200) const {
    gateway::Slot& place = mailbox.slot(slot);
    place.response = {};
    place.response.status = static_cast<std::uint16_t>(status);
    place.response.content_length = content_length;
    place.response.head_bytes = static_cast<std::uint32_t>(text.size());
    place.ring_at = (place.response.head_bytes + 63) / 64 * 64;
    std::memcpy(mailbox.response_area(slot), text.data(), text.size());
  }
  void flags(std::uint32_t slot, std::uint32_t set) const {
    mailbox.slot(slot).response_flags.fetch_or(set, std::memory_order_release);
  }
  void answer(std::uint32_t slot, std::uint64_t now_ns) const {
    mailbox.answer(slot, now_ns);
    mailbox.signal_quietly(slot);
  }
  // A whole small response.
  void respond(std::uint32_t slot, std::uint64_t now_ns, std::string_view body = "hello") const {
    head(slot, "200 OK\r\n", static_cast<std::int64_t>(body.size()));
    mailbox.ring_write(slot, body.data(), body.size());
    flags(slot, gateway::kHeadReady | gateway::kBodyComplete);
    answer(slot, now_ns);
  }
  // Takes one request and answers it `took` later.
  void serve(std::uint64_t now_ns, std::uint64_t took) const {
    const auto slot = take(now_ns);
    ASSERT_TRUE(slot.has_value());
    respond(*slot, now_ns + took);
  }

  gateway::Region region;
  gateway::Mailbox mailbox;
  std::optional<gateway::FdInbox> descriptors;

 private:
  std::uint32_t id_, threads_;
  std::shared_ptr<gateway::Region> edge_region_;
  os::MessageChannel edge_end_;
};

}  // namespace tierce::edge
