#include "gateway/app_memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <new>

#include "base/check.h"
#include "os/futex.h"

namespace tierce::gateway {
namespace {

constexpr std::uint64_t kMagic = 0x7469617070303031;  // "tiapp001"
// How often those look who are not the first: the first one may die.
constexpr std::int64_t kLookAgainNs = 500'000'000;
// For workers that were asked for while the server runs.
constexpr std::uint32_t kLivesSpare = 64;
constexpr auto kRelaxed = std::memory_order_relaxed;

Result<void*> map_whole(int fd, std::size_t* bytes) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return fail(errno_error("fstat of shared memory"));
  *bytes = static_cast<std::size_t>(info.st_size);
  void* base = ::mmap(nullptr, *bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
  if (base == MAP_FAILED) return fail(errno_error("mapping shared memory"));
  return base;
}

Result<os::UniqueFd> sized_memfd(const char* name, std::size_t bytes) {
  os::UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return fail(errno_error("making shared memory"));
  }
  return fd;
}

bool living(const WorkerCard& card) {
  const std::int32_t pid = card.pid.load();
  return pid > 0 && (::kill(pid, 0) == 0 || errno != ESRCH);
}

class Held {
 public:
  explicit Held(os::RobustMutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  ~Held() { mutex_.unlock(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  os::RobustMutex& mutex_;
};

}  // namespace

struct AppMemory::Page {
  std::uint64_t magic;
  Shape shape;
  std::uint32_t lives;
  std::uint32_t threads;
  std::size_t lives_at;  // Behind the locks, from the start of the page.
  std::uint64_t started_on;
  std::atomic<std::uint32_t> places;
  os::RobustMutex board;                        // Who has which place, and the schedules.
  alignas(64) std::atomic<std::uint32_t> news;  // The futex of wait().
  SignalCard signals[kSignals];
  WorkerCard cards[kWorkerCards];
  os::RobustMutex numbered[1];  // `locks` of them.
};

Result<os::UniqueFd> AppMemory::create(const Shape& shape) {
  const std::uint32_t threads = std::clamp(shape.threads, 1u, kThreadsCounted);
  // Twice for replacements, twice again for those who still finish what they run.
  const std::uint32_t lives = 4 * std::min(shape.workers, kWorkerCards) + kLivesSpare;
  const std::size_t lives_at = (sizeof(Page) + shape.locks * sizeof(os::RobustMutex) + 63) / 64 * 64;
  auto fd =
      sized_memfd("tierce-app", lives_at + lives * (sizeof(WorkerLife) + std::size_t{threads} * sizeof(ThreadCounts)));
  if (!fd) return fail(std::move(fd).error());
  std::size_t bytes = 0;
  auto base = map_whole(fd->get(), &bytes);
  if (!base) return fail(std::move(base).error());
  // The cards stay untouched: pages that nobody uses cost nothing.
  auto* page = static_cast<Page*>(*base);
  page->shape = shape;
  page->lives = lives;
  page->threads = threads;
  page->lives_at = lives_at;
  page->started_on = static_cast<std::uint64_t>(::time(nullptr));
  page->board.initialise();
  for (std::uint32_t i = 0; i < shape.locks; ++i) page->numbered[i].initialise();
  page->magic = kMagic;
  ::munmap(*base, bytes);
  return fd;
}

Result<AppMemory> AppMemory::map(int fd) {
  std::size_t bytes = 0;
  auto base = map_whole(fd, &bytes);
  if (!base) return fail(std::move(base).error());
  AppMemory memory;
  memory.page_ = static_cast<Page*>(*base);
  if (bytes < sizeof(Page) || memory.page_->magic != kMagic) return fail("shared memory of another version of tierce");
  memory.lives_ = memory.page_->lives;
  memory.threads_ = memory.page_->threads;
  memory.lives_at_ = memory.page_->lives_at;
  return memory;
}

std::uint32_t AppMemory::locks() const { return page_->shape.locks; }
os::RobustMutex& AppMemory::lock(std::uint32_t index) const { return page_->numbered[index]; }
std::uint64_t AppMemory::started_on() const { return page_->started_on; }
WorkerCard& AppMemory::card(std::uint32_t number) const { return page_->cards[number - 1]; }
std::uint32_t AppMemory::places() const { return std::min(page_->places.load(), kWorkerCards); }
SignalCard& AppMemory::signal(std::uint32_t number) const { return page_->signals[number]; }

// --- workers ---

void WorkTotals::add(const WorkTotals& more) {
  requests += more.requests;
  exceptions += more.exceptions;
  bytes_sent += more.bytes_sent;
  running_ns += more.running_ns;
  in_request += more.in_request;
}

std::uint32_t AppMemory::threads() const { return threads_; }

WorkerLife& AppMemory::life(std::uint32_t life) const {
  const std::size_t stride = sizeof(WorkerLife) + threads_ * sizeof(ThreadCounts);
  const std::size_t index = std::clamp(life, 1u, lives_) - 1;
  return *reinterpret_cast<WorkerLife*>(reinterpret_cast<char*>(page_) + lives_at_ + index * stride);
}

ThreadCounts& AppMemory::counts(std::uint32_t number, std::uint32_t thread) const {
  return reinterpret_cast<ThreadCounts*>(&life(number) + 1)[std::min(thread, threads_ - 1)];
}

std::uint32_t AppMemory::begin_life(std::uint32_t place, std::uint64_t now) const {
  std::uint32_t number = 1;
  while (number < lives_ && life(number).place.load() != 0) ++number;
  life(number).pid.store(0);
  life(number).average_ns.store(0);
  for (std::uint32_t i = 0; i < threads_; ++i) {
    ThreadCounts& fresh = counts(number, i);
    for (auto* count : {&fresh.requests, &fresh.exceptions, &fresh.bytes_sent, &fresh.running_ns}) count->store(0);
    fresh.in_request.store(0);
  }
  place = std::min(place, kWorkerCards);
  WorkerCard& mine = card(place);
  if (mine.last_spawn.load() != 0) mine.respawns.fetch_add(1);
  mine.last_spawn.store(now);
  mine.life.store(number);
  if (place > page_->places.load()) page_->places.store(place);
  life(number).place.store(place);
  return number;
}

void AppMemory::end_life(std::uint32_t number) const {
  const std::uint32_t place = life(number).place.load();
  std::int32_t pid = life(number).pid.load();
  if (place == 0 || place > kWorkerCards) return;
  const WorkTotals done = done_in(number);
  WorkerCard& mine = card(place);
  // Whoever looks in between sees less for a moment, never more.
  life(number).place.store(0);
  mine.requests.fetch_add(done.requests);
  mine.exceptions.fetch_add(done.exceptions);
  mine.bytes_sent.fetch_add(done.bytes_sent);
  mine.running_ns.fetch_add(done.running_ns);
  if (mine.pid.compare_exchange_strong(pid, 0)) wake();
}

void AppMemory::take_card(std::uint32_t number, std::int32_t pid, std::uint32_t generation) const {
  const Held held(page_->board);
  life(number).pid.store(pid);
  WorkerCard& mine = card(life(number).place.load());
  mine.generation.store(generation);
  mine.leaving.store(0);
  for (auto& word : mine.handles) word.store(0);
  mine.pid.store(pid);
}

WorkTotals AppMemory::done_in(std::uint32_t number) const {
  WorkTotals totals;
  for (std::uint32_t i = 0; i < threads_; ++i) {
    const ThreadCounts& of = counts(number, i);
    totals.add({of.requests.load(kRelaxed), of.exceptions.load(kRelaxed), of.bytes_sent.load(kRelaxed),
                of.running_ns.load(kRelaxed), of.in_request.load(kRelaxed)});
  }
  return totals;
}

WorkTotals AppMemory::done_at(std::uint32_t place) const {
  const WorkerCard& c = card(place);
  WorkTotals totals{c.requests.load(), c.exceptions.load(), c.bytes_sent.load(), c.running_ns.load()};
  for (std::uint32_t i = 1; i <= lives_; ++i) {
    if (life(i).place.load() == place) totals.add(done_in(i));
  }
  return totals;
}

const WorkerLife* AppMemory::newest_at(std::uint32_t place) const {
  const WorkerLife& newest = life(card(place).life.load());
  return newest.place.load() == place ? &newest : nullptr;  // Else nobody is there now.
}

WorkTotals AppMemory::done_lately_at(std::uint32_t place) const {
  return newest_at(place) != nullptr ? done_in(card(place).life.load()) : WorkTotals();
}

std::uint64_t AppMemory::average_ns_at(std::uint32_t place) const {
  const WorkerLife* newest = newest_at(place);
  return newest != nullptr ? newest->average_ns.load(kRelaxed) : 0;
}

// --- signals ---

bool AppMemory::first_for(std::uint32_t number, std::uint32_t worker) const {
  const auto handles = [&](const WorkerCard& c) { return (c.handles[number / 64].load() >> (number % 64) & 1) != 0; };
  const std::uint32_t mine = card(worker).generation.load();
  for (std::uint32_t i = 1; i <= places(); ++i) {
    const WorkerCard& other = card(i);
    if (i == worker || !handles(other) || other.leaving.load() != 0) continue;
    const std::uint32_t theirs = other.generation.load();
    if ((theirs > mine || (theirs == mine && i < worker)) && living(other)) return false;
  }
  return handles(card(worker)) && card(worker).leaving.load() == 0;
}

void AppMemory::raise(std::uint32_t number) const {
  signal(number).raised.fetch_add(1);
  wake();
}

void AppMemory::wake() const {
  page_->news.fetch_add(1);
  os::futex_wake(&page_->news, kWorkerCards);
}

std::uint32_t AppMemory::wait(std::uint32_t seen, std::int64_t timeout_ns) const {
  if (page_->news.load() == seen) os::futex_wait(&page_->news, seen, timeout_ns);
  return page_->news.load();
}

bool AppMemory::take_signal(std::uint32_t number, std::uint32_t worker) const {
  SignalCard& s = signal(number);
  if (s.taken.load() >= s.raised.load() || !first_for(number, worker)) return false;
  const Held held(page_->board);
  if (s.taken.load() >= s.raised.load()) return false;
  s.taken.fetch_add(1);
  return true;
}

std::int64_t AppMemory::timer(std::uint32_t number, std::uint32_t worker, std::uint64_t interval_ns,
                              std::uint32_t times, std::uint64_t now_ns) const {
  if (!first_for(number, worker)) return kLookAgainNs;
  const Held held(page_->board);
  SignalCard& s = signal(number);
  const std::uint32_t generation = card(worker).generation.load();
  if (s.generation != generation || s.interval_ns != interval_ns) {
    s.fired = 0;
    s.generation = generation;
    s.interval_ns = interval_ns;
    s.next_ns = now_ns + interval_ns;
  }
  if (times > 0 && s.fired >= times) return -1;
  if (now_ns < s.next_ns) return static_cast<std::int64_t>(s.next_ns - now_ns);
  s.next_ns += interval_ns;
  if (s.next_ns <= now_ns) s.next_ns = now_ns + interval_ns;  // What was missed is not made up for.
  ++s.fired;
  return 0;
}

bool AppMemory::cron(std::uint32_t number, std::uint32_t worker, std::uint64_t minute) const {
  if (!first_for(number, worker)) return false;
  const Held held(page_->board);
  SignalCard& s = signal(number);
  if (s.minute >= minute) return false;
  s.minute = minute;
  return true;
}

// --- caches ---

Result<os::UniqueFd> create_cache(const CacheShape& shape, const std::string& store, bool fresh) {
  const std::size_t wanted = SharedCache::bytes_for(shape);
  os::UniqueFd fd;
  bool found = false;
  if (store.empty()) {
    auto made = sized_memfd("tierce-cache", wanted);
    if (!made) return made;
    fd = std::move(*made);
  } else {
    fd = os::UniqueFd(::open(store.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) return fail(errno_error("opening " + store));
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return fail(errno_error("fstat of " + store));
    found = info.st_size > 0 && !fresh;
    if (!found && (::ftruncate(fd.get(), 0) != 0 || ::ftruncate(fd.get(), static_cast<off_t>(wanted)) != 0))
      return fail(errno_error("sizing " + store));
  }
  std::size_t bytes = 0;
  auto base = map_whole(fd.get(), &bytes);
  if (!base) return fail(std::move(base).error());
  bool usable = true;
  if (found) {
    usable = bytes == wanted && SharedCache::adopt(*base, bytes, shape);
  } else {
    SharedCache::create(*base, shape);
  }
  ::munmap(*base, bytes);
  if (!usable) return fail(Error(fmt::format("{}: not the store of a cache like this one: delete the file", store)));
  return fd;
}

Result<SharedCache> map_cache(int fd) {
  std::size_t bytes = 0;
  auto base = map_whole(fd, &bytes);
  if (!base) return fail(std::move(base).error());
  return SharedCache(*base);
}

}  // namespace tierce::gateway
