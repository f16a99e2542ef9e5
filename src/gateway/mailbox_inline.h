// The parts of the mailbox that the hot path wants inlined. Included by mailbox.h alone.
#pragma once

#include <bit>

namespace tierce::gateway {

inline constexpr std::uint32_t kAttentionWordsMax = kSlotsMax / 64;

// A plain value that another process may write at any time: what is checked must be what is used.
template <typename T>
T read_once(const T& shared) {
  return *const_cast<const volatile T*>(&shared);
}

struct MailboxHeader {
  // Request ring. An entry is generation << 32 | slot index.
  alignas(64) std::atomic<std::uint32_t> tail;  // Edge.
  alignas(64) std::atomic<std::uint32_t> head;  // Workers, by compare-and-swap.
  // Attention bits, and one bit for each word of them.
  alignas(64) std::atomic<std::uint64_t> attention_summary;
  alignas(64) std::atomic<std::uint64_t> attention[kAttentionWordsMax];
  alignas(64) std::atomic<std::uint32_t> edge_sleeping;
};

template <typename F>
void Mailbox::take_attention(F&& f) const {
  // The summary bit is set after the word's bit, so a bit seen here is never lost, at most seen late.
  if (header_->attention_summary.load(std::memory_order_relaxed) == 0) return;
  std::uint64_t words = header_->attention_summary.exchange(0, std::memory_order_acquire);
  for (; words != 0; words &= words - 1) {
    const auto word = static_cast<std::uint32_t>(std::countr_zero(words));
    std::uint64_t bits = header_->attention[word].exchange(0, std::memory_order_acquire);
    for (; bits != 0; bits &= bits - 1) {
      const std::uint32_t index = word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
      if (index < shape_.slots) f(index);
    }
  }
}

inline bool Mailbox::has_attention() const { return header_->attention_summary.load(std::memory_order_seq_cst) != 0; }

inline bool Mailbox::has_queued() const {
  return header_->tail.load(std::memory_order_acquire) != header_->head.load(std::memory_order_acquire);
}

inline std::uint32_t Mailbox::queued() const {
  return header_->tail.load(std::memory_order_acquire) - header_->head.load(std::memory_order_acquire);
}

template <typename Ready>
bool Bell::wait(Ready&& ready, std::int64_t timeout_ns) {
  announce();
  if (ready()) {
    leave();
    return true;
  }
  const bool rung = sleep(timeout_ns);
  if (!rung) leave();
  return rung;
}

}  // namespace tierce::gateway
