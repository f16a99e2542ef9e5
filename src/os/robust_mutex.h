// A mutex in memory that processes share. It is released when the thread that holds it dies; who takes it
// next is told and puts right what the dead one has left half done.
#pragma once

#include <pthread.h>

#include <cstdint>

namespace tierce::os {

class RobustMutex {
 public:
  enum class Taken : std::uint8_t { kYes, kAfterDeath, kMineAlready, kNo };

  // Once, by the process that makes the memory, before anyone else sees it.
  void initialise();
  // kYes, kAfterDeath (then the mutex is held too), or kMineAlready: this thread holds it and would wait for itself.
  Taken lock();
  // kNo: somebody holds it, maybe this thread.
  Taken try_lock();
  // False when this thread does not hold it.
  bool unlock();

 private:
  Taken taken(int status);
  pthread_mutex_t mutex_;
};

}  // namespace tierce::os
