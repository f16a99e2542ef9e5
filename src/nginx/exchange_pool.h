// Heads and bodies of requests, and how far they have come, kept for the next ones: an idle connection holds none.
#pragma once

#include <memory>
#include <vector>

#include "edge/exchange.h"
#include "http/chunked_decoder.h"
#include "nginx/request.h"

namespace tierce::nginx {

// The body that is read and the response that is written, of a connection that speaks HTTP/1.
struct Http1Progress {
  http::ChunkedDecoder chunks;
  std::uint64_t body_left = 0;

  int file = -1;
  std::uint64_t file_at = 0, file_left = 0;
  bool chunked = false;
  bool trailers_begun = false;  // The last chunk is written.
  bool response_ended = false;
  bool has_end = false;  // The client can tell an answer that is not whole: its length is said, or it is in chunks.
  std::uint64_t sent = 0;
  std::uint64_t head_bytes = 0;
};

struct PooledExchange final : edge::Exchange {
  using edge::Exchange::Exchange;
  Http1Progress progress;
};

class ExchangePool {
 public:
  explicit ExchangePool(const http::HeadLimits& limits) : limits_(limits) {}
  std::unique_ptr<PooledExchange> take();
  void give_back(std::unique_ptr<PooledExchange> exchange);

 private:
  http::HeadLimits limits_;
  http::VariableLimits variable_limits_{};
  std::vector<std::unique_ptr<PooledExchange>> spare_;
};

}  // namespace tierce::nginx
