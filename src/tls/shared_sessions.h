// Sessions that processes share (ssl_session_cache shared:NAME:SIZE), for clients that keep no tickets. A block of
// memory in which the newest overwrite the oldest; whoever writes holds its mutex.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/robust_mutex.h"

namespace tierce::tls {

class SharedSessions {
 public:
  // `bytes`: of all the memory. Before the processes that share it are forked. Fails when there is no memory.
  static Result<std::shared_ptr<SharedSessions>> create(std::size_t bytes);
  ~SharedSessions();
  SharedSessions(const SharedSessions&) = delete;
  SharedSessions& operator=(const SharedSessions&) = delete;

  // `id`: up to 32 bytes; `session`: as OpenSSL encodes it. One that is larger than 4096 bytes is not kept.
  void put(std::string_view id, std::string_view session, std::int64_t expires);
  // nullopt: unknown, overwritten, removed or, at the second `now`, expired.
  std::optional<std::string> find(std::string_view id, std::int64_t now);
  void remove(std::string_view id);

 private:
  struct Header;
  struct Entry;
  class Lock;
  SharedSessions(void* base, std::size_t bytes);
  std::uint64_t* bucket_of(std::string_view id);
  // Where it stands, while the lock is held.
  Entry* entry_of(std::string_view id);
  Entry* entry_at(std::uint64_t position);

  void* base_;
  std::size_t bytes_;
  Header* header_;
  std::uint64_t* buckets_;
  std::size_t bucket_count_;
  char* log_;
  std::size_t log_bytes_;
};

}  // namespace tierce::tls
