#include "nginx/exchange_pool.h"

namespace tierce::nginx {
namespace {

constexpr std::size_t kSpare = 512;
constexpr std::size_t kBufferKept = 16384;

}  // namespace

std::unique_ptr<PooledExchange> ExchangePool::take() {
  if (spare_.empty()) {
    auto made = std::make_unique<PooledExchange>(limits_, variable_limits_);
    made->begin(nullptr);
    return made;
  }
  auto exchange = std::move(spare_.back());
  spare_.pop_back();
  exchange->begin(nullptr);
  return exchange;
}

void ExchangePool::give_back(std::unique_ptr<PooledExchange> exchange) {
  if (exchange == nullptr || spare_.size() >= kSpare) return;
  exchange->finish();
  exchange->in.clear();
  exchange->in.shrink(kBufferKept);
  exchange->out.clear();
  exchange->out.shrink(kBufferKept);
  spare_.push_back(std::move(exchange));
}

}  // namespace tierce::nginx
