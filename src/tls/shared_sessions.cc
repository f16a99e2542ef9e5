#include "tls/shared_sessions.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>

namespace tierce::tls {
namespace {

constexpr std::size_t kSessionMax = 4096;  // nginx's bound as well.
constexpr std::size_t kIdMax = 32;
// A session with neither ticket nor client certificate takes some 200 bytes with its entry.
constexpr std::size_t kUsualBytes = 256;
constexpr std::size_t kAlign = 16;

constexpr std::size_t aligned(std::size_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

}  // namespace

// Positions only grow: what stands at one is still there as long as less than the whole log was written since.
struct SharedSessions::Header {
  os::RobustMutex mutex;
  std::uint64_t end;  // Where the next entry goes; positions begin at log_bytes_, so that 0 is none.
};

struct SharedSessions::Entry {
  std::uint64_t previous;  // The one before it in its bucket.
  std::int64_t expires;    // 0: removed.
  std::uint32_t session_bytes;
  std::uint8_t id_bytes;
  char id[kIdMax];
};

class SharedSessions::Lock {
 public:
  explicit Lock(SharedSessions& of) : of_(of) {
    // What the dead one was writing cannot be told from what it had written.
    if (of.header_->mutex.lock() == os::RobustMutex::Taken::kAfterDeath) std::fill_n(of.buckets_, of.bucket_count_, 0);
  }
  ~Lock() { of_.header_->mutex.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  SharedSessions& of_;
};

Result<std::shared_ptr<SharedSessions>> SharedSessions::create(std::size_t bytes) {
  constexpr std::size_t kLeast = 4 * kSessionMax;
  bytes = std::max(bytes, kLeast);
  void* base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return fail(errno_error("memory for TLS sessions"));
  return std::shared_ptr<SharedSessions>(new SharedSessions(base, bytes));
}

SharedSessions::SharedSessions(void* base, std::size_t bytes)
    : base_(base),
      bytes_(bytes),
      header_(new (base) Header),
      buckets_(reinterpret_cast<std::uint64_t*>(static_cast<char*>(base) + aligned(sizeof(Header)))),
      bucket_count_(bytes / (kUsualBytes + sizeof(std::uint64_t))),
      log_(static_cast<char*>(base) + aligned(sizeof(Header)) + aligned(bucket_count_ * sizeof(std::uint64_t))),
      log_bytes_((bytes - static_cast<std::size_t>(log_ - static_cast<char*>(base))) / kAlign * kAlign) {
  header_->mutex.initialise();
  header_->end = log_bytes_;
}

SharedSessions::~SharedSessions() { ::munmap(base_, bytes_); }

std::uint64_t* SharedSessions::bucket_of(std::string_view id) {
  return buckets_ + std::hash<std::string_view>()(id) % bucket_count_;
}

SharedSessions::Entry* SharedSessions::entry_at(std::uint64_t position) {
  if (position == 0 || position + log_bytes_ < header_->end) return nullptr;
  return reinterpret_cast<Entry*>(log_ + position % log_bytes_);
}

SharedSessions::Entry* SharedSessions::entry_of(std::string_view id) {
  std::uint64_t position = *bucket_of(id);
  for (Entry* entry = entry_at(position); entry != nullptr; entry = entry_at(position)) {
    if (std::string_view(entry->id, entry->id_bytes) == id) return entry->expires == 0 ? nullptr : entry;
    if (entry->previous >= position) return nullptr;  // Overwritten.
    position = entry->previous;
  }
  return nullptr;
}

void SharedSessions::put(std::string_view id, std::string_view session, std::int64_t expires) {
  const std::size_t bytes = aligned(sizeof(Entry) + session.size());
  if (id.size() > kIdMax || session.size() > kSessionMax || bytes > log_bytes_) return;
  const Lock lock(*this);
  // An entry stands in one piece: what is left of the round is passed over.
  const std::size_t left = log_bytes_ - header_->end % log_bytes_;
  if (left < bytes) header_->end += left;
  const std::uint64_t position = header_->end;
  header_->end += bytes;
  auto* entry = reinterpret_cast<Entry*>(log_ + position % log_bytes_);
  std::uint64_t* bucket = bucket_of(id);
  entry->previous = *bucket;
  entry->expires = expires;
  entry->session_bytes = static_cast<std::uint32_t>(session.size());
  entry->id_bytes = static_cast<std::uint8_t>(id.size());
  id.copy(entry->id, id.size());
  session.copy(reinterpret_cast<char*>(entry + 1), session.size());
  *bucket = position;
}

std::optional<std::string> SharedSessions::find(std::string_view id, std::int64_t now) {
  const Lock lock(*this);
  const Entry* entry = entry_of(id);
  if (entry == nullptr || entry->expires <= now) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(entry + 1), entry->session_bytes);
}

void SharedSessions::remove(std::string_view id) {
  const Lock lock(*this);
  if (Entry* entry = entry_of(id); entry != nullptr) entry->expires = 0;
}

}  // namespace tierce::tls
