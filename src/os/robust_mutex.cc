#include "os/robust_mutex.h"

#include <cerrno>

#include "base/check.h"

namespace tierce::os {

void RobustMutex::initialise() {
  pthread_mutexattr_t how;
  check(::pthread_mutexattr_init(&how) == 0, "attributes of a mutex can be made");
  ::pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
  ::pthread_mutexattr_setrobust(&how, PTHREAD_MUTEX_ROBUST);
  ::pthread_mutexattr_settype(&how, PTHREAD_MUTEX_ERRORCHECK);
  check(::pthread_mutex_init(&mutex_, &how) == 0, "a mutex can be made");
  ::pthread_mutexattr_destroy(&how);
}

RobustMutex::Taken RobustMutex::taken(int status) {
  switch (status) {
    case 0:
      return Taken::kYes;
    case EOWNERDEAD:
      // At once: should this thread die while it repairs, the next one is told again.
      ::pthread_mutex_consistent(&mutex_);
      return Taken::kAfterDeath;
    case EDEADLK:
      return Taken::kMineAlready;
    default:
      return Taken::kNo;
  }
}

RobustMutex::Taken RobustMutex::lock() {
  const Taken got = taken(::pthread_mutex_lock(&mutex_));
  check(got != Taken::kNo, "a shared mutex is usable");
  return got;
}

RobustMutex::Taken RobustMutex::try_lock() {
  const Taken got = taken(::pthread_mutex_trylock(&mutex_));
  return got == Taken::kMineAlready ? Taken::kNo : got;
}

bool RobustMutex::unlock() { return ::pthread_mutex_unlock(&mutex_) == 0; }

}  // namespace tierce::os
