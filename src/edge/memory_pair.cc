#include "edge/memory_pair.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cstring>

namespace tierce::edge {
namespace {
constexpr std::size_t kKept = 16'384;
constexpr std::size_t kSpares = 256;
}  // namespace

std::pair<std::unique_ptr<PairEnd>, std::unique_ptr<PairEnd>> PairEnd::make(PairQueue& queue) {
  Both* both = queue.take();
  return {std::unique_ptr<PairEnd>(new PairEnd(both, 0)), std::unique_ptr<PairEnd>(new PairEnd(both, 1))};
}

PairEnd::~PairEnd() {
  const std::size_t other = 1 - number_;
  both_->there[number_] = false;
  both_->told[number_] = nullptr;
  both_->way[other].ended = true;
  both_->way[other].broken = both_->way[other].broken || resets_;
  // Nobody will read what was sent to this end: to the other it is as if the connection had been reset.
  const bool gone = resets_ || !both_->way[number_].bytes.empty();
  tell(both_, other, gone ? EPOLLIN | EPOLLRDHUP | EPOLLHUP : EPOLLIN | EPOLLRDHUP | EPOLLOUT);
  if (--both_->users == 0) both_->queue->let_go(both_);
}

void PairEnd::tell(Both* both, std::size_t number, std::uint32_t events) {
  if (both->told[number] == nullptr) return;
  if (both->events[number] == 0) {
    both->queue->waiting_.push_back({both, number});
    ++both->users;
  }
  both->events[number] |= events;
}

void PairQueue::run() {
  while (!waiting_.empty()) {
    told_.swap(waiting_);
    for (const News& news : told_) {
      PairEnd::Both& both = *news.both;
      const std::uint32_t events = std::exchange(both.events[news.number], 0u);
      if (both.told[news.number] != nullptr) both.told[news.number](both.who[news.number], events);
      if (--both.users == 0) let_go(&both);
    }
    told_.clear();
  }
}

PairEnd::Both* PairQueue::take() {
  if (spare_.empty()) spare_.push_back(std::make_unique<PairEnd::Both>());
  PairEnd::Both* both = spare_.back().release();
  spare_.pop_back();
  both->queue = this;
  return both;
}

void PairQueue::let_go(PairEnd::Both* both) {
  std::unique_ptr<PairEnd::Both> owned(both);
  if (spare_.size() >= kSpares) return;
  PairEnd::Both fresh;
  for (std::size_t i = 0; i < 2; ++i) {
    Buffer& bytes = both->way[i].bytes;
    bytes.clear();
    bytes.shrink(kKept);
    fresh.way[i].bytes = std::move(bytes);
  }
  *both = std::move(fresh);
  spare_.push_back(std::move(owned));
}

void PairEnd::watch(Told told, void* who) {
  both_->told[number_] = told;
  both_->who[number_] = who;
}

os::IoResult PairEnd::receive(char* into, std::size_t bytes) {
  Way& in = both_->way[number_];
  if (in.broken) return {os::Io::kClosed, 0, true};
  if (in.bytes.empty()) return {in.ended ? os::Io::kClosed : os::Io::kWouldBlock};
  const std::size_t now = std::min(bytes, in.bytes.size());
  std::memcpy(into, in.bytes.data(), now);
  in.bytes.consume(now);
  if (in.bytes.empty()) in.bytes.shrink(kKept);
  if (in.was_full && in.bytes.size() < kInsideHeldMost / 2) {
    in.was_full = false;
    tell(both_, 1 - number_, EPOLLOUT);
  }
  return {os::Io::kDone, now};
}

os::IoResult PairEnd::send_parts(std::span<const iovec> parts) {
  const std::size_t other = 1 - number_;
  Way& out = both_->way[other];
  if (!both_->there[other] || out.ended) return {os::Io::kClosed};
  std::size_t room = kInsideHeldMost - std::min(kInsideHeldMost, out.bytes.size());
  std::size_t sent = 0;
  for (const iovec& part : parts) {
    const std::size_t now = std::min(room, part.iov_len);
    out.bytes.append({static_cast<const char*>(part.iov_base), now});
    sent += now;
    room -= now;
    if (now < part.iov_len) {
      out.was_full = true;
      break;
    }
  }
  if (sent == 0) return {out.was_full ? os::Io::kWouldBlock : os::Io::kDone};
  tell(both_, other, EPOLLIN);
  return {os::Io::kDone, sent};
}

os::IoResult PairEnd::send_file(int file, std::uint64_t* offset, std::size_t bytes) {
  Way& out = both_->way[1 - number_];
  if (!both_->there[1 - number_] || out.ended) return {os::Io::kClosed};
  const std::size_t room = kInsideHeldMost - std::min(kInsideHeldMost, out.bytes.size());
  if (room == 0) {
    out.was_full = true;
    return {os::Io::kWouldBlock};
  }
  const std::size_t most = std::min({bytes, room, kInsideFilePart});
  const std::size_t got = os::read_at(file, out.bytes.room(most), most, *offset);
  out.bytes.filled(got);
  *offset += got;
  if (got > 0) tell(both_, 1 - number_, EPOLLIN);
  return {os::Io::kDone, got};
}

void PairEnd::shutdown_writing() {
  if (std::exchange(both_->way[1 - number_].ended, true)) return;
  tell(both_, 1 - number_, EPOLLIN | EPOLLRDHUP);
}

}  // namespace tierce::edge
