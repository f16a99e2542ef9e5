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
  std::uint32_t locks;
  std::uint64_t started_on;
  std::atomic<std::uint32_t> places;
  os::RobustMutex board;                        // Who has which place, and the schedules.
  alignas(64) std::atomic<std::uint32_t> news;  // The futex of wait().
  SignalCard signals[kSignals];
  WorkerCard cards[kWorkerCards];
  os::RobustMutex numbered[1];  // `locks` of them.
};

Result<os::UniqueFd> AppMemory::create(std::uint32_t locks) {
  auto fd = sized_memfd("tierce-app", sizeof(Page) + locks * sizeof(os::RobustMutex));
  if (!fd) return fail(std::move(fd).error());
  std::size_t bytes = 0;
  auto base = map_whole(fd->get(), &bytes);
  if (!base) return fail(std::move(base).error());
  // The cards stay untouched: pages that nobody uses cost nothing.
  auto* page = static_cast<Page*>(*base);
  page->locks = locks;
  page->started_on = static_cast<std::uint64_t>(::time(nullptr));
  page->board.initialise();
  for (std::uint32_t i = 0; i < locks; ++i) page->numbered[i].initialise();
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
  return memory;
}

std::uint32_t AppMemory::locks() const { return page_->locks; }
os::RobustMutex& AppMemory::lock(std::uint32_t index) const { return page_->numbered[index]; }
std::uint64_t AppMemory::started_on() const { return page_->started_on; }
WorkerCard& AppMemory::card(std::uint32_t number) const { return page_->cards[number - 1]; }
std::uint32_t AppMemory::places() const { return std::min(page_->places.load(), kWorkerCards); }
SignalCard& AppMemory::signal(std::uint32_t number) const { return page_->signals[number]; }

// --- workers ---

std::uint32_t AppMemory::take_place(std::int32_t pid, std::uint32_t generation, std::uint32_t workers,
                                    std::uint64_t now) const {
  const Held held(page_->board);
  const auto first = [&](std::uint32_t most, auto&& wanted) -> std::uint32_t {
    for (std::uint32_t i = 1; i <= std::min(most, kWorkerCards); ++i) {
      if (wanted(card(i))) return i;
    }
    return 0;
  };
  std::uint32_t place = first(workers, [](const WorkerCard& c) { return !living(c); });
  if (place == 0) place = first(places(), [](const WorkerCard& c) { return c.leaving.load() != 0; });
  if (place == 0) place = first(places(), [&](const WorkerCard& c) { return c.generation.load() < generation; });
  if (place == 0) place = first(kWorkerCards, [](const WorkerCard& c) { return !living(c); });
  if (place == 0) place = kWorkerCards;
  WorkerCard& mine = card(place);
  if (mine.last_spawn.load() != 0) mine.respawns.fetch_add(1);
  mine.generation.store(generation);
  mine.leaving.store(0);
  mine.running.store(0);
  mine.delta_requests.store(0);
  mine.last_spawn.store(now);
  for (auto& word : mine.handles) word.store(0);
  mine.pid.store(pid);
  if (place > page_->places.load()) page_->places.store(place);
  return place;
}

void AppMemory::gone(std::int32_t pid) const {
  for (std::uint32_t i = 1; i <= places(); ++i) {
    std::int32_t expected = pid;
    if (card(i).pid.compare_exchange_strong(expected, 0)) wake();
  }
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
