// Heads and bodies of requests, kept for the next ones: an idle connection holds none.
#pragma once

#include <memory>
#include <vector>

#include "edge/exchange.h"
#include "nginx/request.h"

namespace tierce::nginx {

class ExchangePool {
 public:
  explicit ExchangePool(const http::HeadLimits& limits) : limits_(limits) {}
  std::unique_ptr<edge::Exchange> take();
  void give_back(std::unique_ptr<edge::Exchange> exchange);

 private:
  http::HeadLimits limits_;
  http::VariableLimits variable_limits_{};
  std::vector<std::unique_ptr<edge::Exchange>> spare_;
};

}  // namespace tierce::nginx
