#include "gateway/mailbox.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/check.h"
#include "gateway/step.h"
#include "os/futex.h"

namespace tierce::gateway {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t round_up(std::size_t value, std::size_t unit) { return (value + unit - 1) / unit * unit; }

// A slot and the request area begin on one page and the response area on the next boundary, so that a
// small exchange touches two pages.
constexpr std::size_t kRequestAt = round_up(sizeof(Slot), 64);
std::size_t response_at(const MailboxShape& shape) { return round_up(kRequestAt + shape.request_bytes, kPage); }
std::size_t slot_stride(const MailboxShape& shape) {
  return response_at(shape) + round_up(shape.response_bytes, kPage);
}

// Twice the slots: entries of recalled slots stay in the ring until a worker skips them.
std::uint32_t ring_entries(const MailboxShape& shape) { return shape.slots * 2; }

std::size_t ring_offset() { return round_up(sizeof(MailboxHeader), 64); }
std::size_t slots_offset(const MailboxShape& shape) {
  return round_up(ring_offset() + ring_entries(shape) * sizeof(std::atomic<std::uint64_t>), kPage);
}

}  // namespace

std::size_t Mailbox::bytes_for(const MailboxShape& shape) {
  return slots_offset(shape) + shape.slots * slot_stride(shape);
}

namespace {
std::atomic<std::uint64_t>* ring_of(MailboxHeader* header) {
  return reinterpret_cast<std::atomic<std::uint64_t>*>(reinterpret_cast<char*>(header) + ring_offset());
}
}  // namespace

Mailbox::Mailbox(MailboxHeader* header, const MailboxShape& shape)
    : header_(header),
      slots_(reinterpret_cast<char*>(header) + slots_offset(shape)),
      stride_(slot_stride(shape)),
      shape_(shape) {}

void initialise_mailbox(MailboxHeader* header, const MailboxShape& shape) {
  check(std::has_single_bit(shape.slots) && shape.slots <= kSlotsMax, "slots is a power of two within bounds");
  new (header) MailboxHeader();
  // The slots themselves are left untouched: a fresh memfd reads as zeros, which is kFree of generation
  // 0, and a page that no request has used costs nothing.
}

namespace {
// True for a greenlet.
bool wake_producer(Slot& s) {
  const std::uint32_t waited = s.producer_waits.exchange(0, std::memory_order_seq_cst);
  if (waited == kProducerSleeps) os::futex_wake(&s.producer_waits, 1);
  return waited == kProducerParked;
}
}  // namespace

Slot& Mailbox::slot(std::uint32_t index) const {
  return *reinterpret_cast<Slot*>(slots_ + std::size_t{index} * stride_);
}
char* Mailbox::request_area(std::uint32_t index) const { return reinterpret_cast<char*>(&slot(index)) + kRequestAt; }
char* Mailbox::response_area(std::uint32_t index) const {
  return reinterpret_cast<char*>(&slot(index)) + response_at(shape_);
}

// --- edge ---

bool Mailbox::submit(std::uint32_t index, std::uint64_t now_ns) const {
  const std::uint32_t tail = header_->tail.load(std::memory_order_relaxed);
  if (tail - header_->head.load(std::memory_order_acquire) >= ring_entries(shape_)) return false;
  Slot& s = slot(index);
  const std::uint32_t generation = generation_of(s.word.load(std::memory_order_relaxed));
  s.index = index;
  s.queued_ns = now_ns;
  s.started_ns.store(0, std::memory_order_relaxed);
  s.produced.store(0, std::memory_order_relaxed);
  s.consumed.store(0, std::memory_order_relaxed);
  s.response_flags.store(0, std::memory_order_relaxed);
  s.producer_waits.store(0, std::memory_order_relaxed);
  s.abandoned.store(0, std::memory_order_relaxed);
  ring_of(header_)[tail & (ring_entries(shape_) - 1)].store(std::uint64_t{generation} << 32 | index,
                                                            std::memory_order_relaxed);
  s.word.store(make_word(generation, State::kQueued), std::memory_order_release);
  GATEWAY_STEP();
  header_->tail.store(tail + 1, std::memory_order_release);
  GATEWAY_STEP();
  return true;
}

bool Mailbox::recall(std::uint32_t index) const {
  Slot& s = slot(index);
  const std::uint32_t generation = generation_of(s.word.load(std::memory_order_relaxed));
  std::uint32_t expected = make_word(generation, State::kQueued);
  return s.word.compare_exchange_strong(expected, make_word(generation + 1, State::kFree), std::memory_order_acq_rel);
}

void Mailbox::release(std::uint32_t index) const {
  Slot& s = slot(index);
  const std::uint32_t generation = generation_of(s.word.load(std::memory_order_relaxed));
  s.word.store(make_word(generation + 1, State::kFree), std::memory_order_release);
}

bool Mailbox::prepare_sleep() const {
  header_->edge_sleeping.store(1, std::memory_order_seq_cst);
  if (!has_attention()) return true;
  cancel_sleep();
  return false;
}

void Mailbox::cancel_sleep() const { header_->edge_sleeping.store(0, std::memory_order_relaxed); }

bool Mailbox::consume(std::uint32_t index, std::size_t bytes) const {
  Slot& s = slot(index);
  const std::uint64_t consumed = s.consumed.load(std::memory_order_relaxed) + bytes;
  s.consumed.store(consumed, std::memory_order_seq_cst);
  if (s.producer_waits.load(std::memory_order_seq_cst) == 0) return false;
  // Half the ring: one wake moves many bytes instead of one wake for each send().
  const std::uint64_t unread = s.produced.load(std::memory_order_acquire) - consumed;
  if (unread > (shape_.response_bytes - read_once(s.ring_at)) / 2) return false;
  return wake_producer(s);
}

bool Mailbox::abandon(std::uint32_t index) const {
  Slot& s = slot(index);
  s.abandoned.store(1, std::memory_order_seq_cst);
  return wake_producer(s);
}

Mailbox::Runs Mailbox::ring_unread(std::uint32_t index) const {
  const Slot& s = slot(index);
  const std::uint64_t consumed = s.consumed.load(std::memory_order_relaxed);
  const std::size_t unread = s.produced.load(std::memory_order_acquire) - consumed;
  const std::uint32_t ring_at = read_once(s.ring_at);
  if (ring_at >= shape_.response_bytes) [[unlikely]]
    return {.nonsense = true};
  const std::size_t size = shape_.response_bytes - ring_at;
  if (unread > size) [[unlikely]]
    return {.nonsense = true};
  const char* ring = response_area(index) + ring_at;
  const std::size_t at = consumed < size ? consumed : consumed % size;
  const std::size_t first = std::min(unread, size - at);
  return {.first = {ring + at, first}, .second = {ring, unread - first}};
}

// --- worker ---

std::optional<std::uint32_t> Mailbox::take(std::uint32_t thread, std::uint64_t now_ns) const {
  for (;;) {
    std::uint32_t head = header_->head.load(std::memory_order_acquire);
    if (head == header_->tail.load(std::memory_order_acquire)) return std::nullopt;
    // The edge overwrites this entry only after the head has passed it, and then the swap below fails.
    const std::uint64_t entry = ring_of(header_)[head & (ring_entries(shape_) - 1)].load(std::memory_order_relaxed);
    if (!header_->head.compare_exchange_strong(head, head + 1, std::memory_order_acq_rel)) continue;
    GATEWAY_STEP();
    const auto index = static_cast<std::uint32_t>(entry);
    const auto generation = static_cast<std::uint32_t>(entry >> 32);
    Slot& s = slot(index);
    std::uint32_t expected = make_word(generation, State::kQueued);
    if (!s.word.compare_exchange_strong(expected, make_word(generation, State::kRunning), std::memory_order_acq_rel)) {
      continue;  // Recalled: the entry is stale.
    }
    GATEWAY_STEP();
    s.thread = thread;
    s.started_ns.store(now_ns, std::memory_order_release);
    GATEWAY_STEP();
    return index;
  }
}

void Mailbox::signal_quietly(std::uint32_t index) const {
  const std::uint32_t word = index / 64;
  header_->attention[word].fetch_or(std::uint64_t{1} << (index % 64), std::memory_order_seq_cst);
  GATEWAY_STEP();
  header_->attention_summary.fetch_or(std::uint64_t{1} << word, std::memory_order_seq_cst);
  GATEWAY_STEP();
}

// One that has nothing to look at is left asleep, whoever else was answered.
bool Mailbox::edge_sleeps() const {
  if (!has_attention()) return false;
  return header_->edge_sleeping.load(std::memory_order_seq_cst) != 0 &&
         header_->edge_sleeping.exchange(0, std::memory_order_seq_cst) != 0;
}

bool Mailbox::signal(std::uint32_t index) const {
  signal_quietly(index);
  return edge_sleeps();
}

void Mailbox::answer(std::uint32_t index, std::uint64_t now_ns) const {
  Slot& s = slot(index);
  s.answered_ns.store(now_ns, std::memory_order_relaxed);
  const std::uint32_t generation = generation_of(s.word.load(std::memory_order_relaxed));
  s.word.store(make_word(generation, State::kAnswered), std::memory_order_release);
  GATEWAY_STEP();
}

std::size_t Mailbox::ring_room(std::uint32_t index) const {
  const Slot& s = slot(index);
  const std::uint64_t unread = s.produced.load(std::memory_order_relaxed) - s.consumed.load(std::memory_order_seq_cst);
  return shape_.response_bytes - s.ring_at - unread;
}

std::size_t Mailbox::ring_write(std::uint32_t index, const char* data, std::size_t bytes) const {
  Slot& s = slot(index);
  const std::uint64_t produced = s.produced.load(std::memory_order_relaxed);
  const std::size_t size = shape_.response_bytes - s.ring_at;
  const std::size_t now = std::min(bytes, ring_room(index));
  char* ring = response_area(index) + s.ring_at;
  const std::size_t at = produced < size ? produced : produced % size;
  const std::size_t first = std::min(now, size - at);
  std::memcpy(ring + at, data, first);
  if (now > first) std::memcpy(ring, data + first, now - first);
  GATEWAY_STEP();
  s.produced.store(produced + now, std::memory_order_release);
  GATEWAY_STEP();
  return now;
}

bool Mailbox::ring_wait(std::uint32_t index) const {
  Slot& s = slot(index);
  for (;;) {
    if (s.abandoned.load(std::memory_order_seq_cst) != 0) return false;
    if (ring_room(index) > 0) return true;
    s.producer_waits.store(kProducerSleeps, std::memory_order_seq_cst);
    // Asked again after the announcement: the edge may have read or left in between.
    if (ring_room(index) > 0 || s.abandoned.load(std::memory_order_seq_cst) != 0) {
      s.producer_waits.store(0, std::memory_order_seq_cst);
      continue;
    }
    os::futex_wait(&s.producer_waits, kProducerSleeps);
  }
}

bool Mailbox::ring_park(std::uint32_t index) const {
  Slot& s = slot(index);
  const auto must_wait = [&] { return ring_room(index) == 0 && s.abandoned.load(std::memory_order_seq_cst) == 0; };
  if (!must_wait()) return false;
  s.producer_waits.store(kProducerParked, std::memory_order_seq_cst);
  if (must_wait()) return true;
  s.producer_waits.store(0, std::memory_order_seq_cst);
  return false;
}

bool Mailbox::ring_unparked(std::uint32_t index) const {
  return slot(index).producer_waits.load(std::memory_order_acquire) == 0;
}

// --- bell ---

void Bell::ring(std::uint32_t threads) {
  // A read-modify-write even when it changes nothing: it orders the submits before it against the
  // announcement of a thread that is about to sleep, whichever comes first.
  std::uint32_t sleepers = page_->sleepers.fetch_add(0, std::memory_order_seq_cst);
  std::uint32_t wake = 0;
  do {
    wake = std::min(sleepers, threads);
    if (wake == 0) return;
  } while (!page_->sleepers.compare_exchange_weak(sleepers, sleepers - wake, std::memory_order_seq_cst));
  page_->tokens.fetch_add(wake, std::memory_order_seq_cst);
  os::futex_wake(&page_->tokens, wake);
}

// Exchanges on both sides: whichever comes second sees what the other has written before.
void Bell::announce_hub() { page_->sleepers.exchange(1, std::memory_order_seq_cst); }

bool Bell::take_hub() { return page_->sleepers.exchange(0, std::memory_order_seq_cst) != 0; }

void Bell::announce() { page_->sleepers.fetch_add(1, std::memory_order_seq_cst); }

bool Bell::leave_with_token() {
  std::uint32_t tokens = page_->tokens.load(std::memory_order_seq_cst);
  while (tokens > 0) {
    if (page_->tokens.compare_exchange_weak(tokens, tokens - 1, std::memory_order_seq_cst)) return true;
  }
  return false;
}

void Bell::leave() {
  // Either a ringer has already counted this thread out, then a token is or will be there, or it still
  // counts as a sleeper.
  for (;;) {
    if (leave_with_token()) return;
    std::uint32_t sleepers = page_->sleepers.load(std::memory_order_seq_cst);
    while (sleepers > 0) {
      if (page_->sleepers.compare_exchange_weak(sleepers, sleepers - 1, std::memory_order_seq_cst)) return;
    }
  }
}

bool Bell::sleep(std::int64_t timeout_ns) {
  for (;;) {
    if (leave_with_token()) return true;
    if (!os::futex_wait(&page_->tokens, 0, timeout_ns)) return false;
  }
}

}  // namespace tierce::gateway
