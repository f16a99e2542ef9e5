#include "wsgi/retirement.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <random>
#include <string_view>

namespace tierce::wsgi {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::uint64_t kMiB = 1u << 20;

std::uint64_t with_jitter(std::uint64_t limit, std::uint64_t jitter) {
  if (limit == 0 || jitter == 0) return limit;
  return limit + std::random_device()() % (jitter + 1);
}

// The first two numbers of /proc/self/statm: pages of the address space, pages that are resident.
struct Memory {
  std::uint64_t as_bytes = 0;
  std::uint64_t rss_bytes = 0;
};
Memory memory_of(int statm) {
  char text[128];
  const ssize_t got = ::pread(statm, text, sizeof text, 0);
  if (got <= 0) return {};
  std::uint64_t pages = 0, resident = 0;
  const char* end = text + got;
  const auto first = std::from_chars(text, end, pages);
  if (first.ptr == end) return {};
  std::from_chars(first.ptr + 1, end, resident);
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return {pages * page, resident * page};
}

}  // namespace

Retirement::Retirement(const RetirementRules& rules, std::uint64_t now_ns)
    : rules_(rules),
      requests_(with_jitter(rules.requests, rules.requests_jitter)),
      not_before_ns_(rules.least_seconds == 0 ? 0 : now_ns + rules.least_seconds * kSecondNs) {
  if (rules.lifetime_seconds != 0)
    due_ns_ = now_ns + with_jitter(rules.lifetime_seconds, rules.lifetime_jitter_seconds) * kSecondNs;
  if (due_ns_ != 0 && due_ns_ < not_before_ns_) due_ns_ = not_before_ns_;
  if (rules.rss_bytes != 0 || rules.as_bytes != 0)
    statm_ = os::UniqueFd(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
}

std::optional<std::string> Retirement::after_request(std::uint64_t count, std::uint64_t now_ns) const {
  if (now_ns < not_before_ns_) return {};
  if (requests_ != 0 && count >= requests_) return fmt::format("after {} requests", count);
  if (!statm_) return {};
  const Memory memory = memory_of(statm_.get());
  if (rules_.rss_bytes != 0 && memory.rss_bytes >= rules_.rss_bytes)
    return fmt::format("with {} MiB of resident memory", memory.rss_bytes / kMiB);
  if (rules_.as_bytes != 0 && memory.as_bytes >= rules_.as_bytes)
    return fmt::format("with {} MiB of address space", memory.as_bytes / kMiB);
  return {};
}

}  // namespace tierce::wsgi
