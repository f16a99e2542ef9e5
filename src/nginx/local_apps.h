// Applications of this machine that requests reach through shared memory instead of through their sockets: those of
// programs under the same `tierce up` (gateway/door.h). Belongs to one thread, as a guest of its loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "edge/local_app.h"
#include "nginx/loop.h"
#include "nginx/name_resolver.h"
#include "nginx/stream.h"

namespace tierce::nginx {

class LocalApp;

class LocalApps final : public LoopGuest {
 public:
  // `chain`: the channel to the parent that started us, -1 without one: no application is local then. `names_only`: all
  // are reached through their sockets, and those are asked for who are known by a name.
  LocalApps(Loop& loop, int chain, bool names_only);
  // Once the loop is open.
  Result<void> open();
  ~LocalApps();

  // Memory for what an application answers, used again by the next request.
  edge::Buffer take_buffer();
  void give_back(edge::Buffer buffer);
  // The whole chain ends: nobody is waited for, and nobody who waits is kept. Calls back then.
  bool ending() const { return ending_; }
  void when_ending(std::function<void()> told) { told_ = std::move(told); }
  // Who is behind this address; nullptr: it can be nobody's here.
  LocalApp* find(const PeerAddress& address);

  void collect() override;
  void hand_out(int& longest_ms) override;
  bool spin() override;
  bool prepare_sleep() override;
  void cancel_sleep() override;
  void tick() override;

 private:
  void begin_end();

  Loop& loop_;
  int chain_;
  bool names_only_;
  class ParentWatcher;
  std::unique_ptr<ParentWatcher> parent_;
  bool ending_ = false;
  std::function<void()> told_;
  std::map<std::string, std::unique_ptr<LocalApp>, std::less<>> apps_;  // By address; nullptr: never local.
  std::vector<edge::Buffer> buffers_;
  edge::CallNews news_;
  std::vector<LocalApp*> met_;  // Those who have let us in at some time.
  friend class LocalApp;
};

// One of them, as this thread knows it.
class LocalApp {
 public:
  LocalApp(LocalApps& apps, std::string address, bool by_name);
  ~LocalApp();

  enum class Way : std::uint8_t {
    kOpen,    // connect() works.
    kAsked,   // It will be known soon: when_known().
    kAway,    // Its program has failed to start.
    kSocket,  // Nobody is there through memory now: the socket is the way.
  };
  // Asks for the door where that may help.
  Way way();
  std::unique_ptr<edge::PairEnd> connect();
  // One request, whole; its answer goes into `answer`, and `events` is readable when there is some. nullptr: connect().
  std::unique_ptr<edge::LocalCall> call(edge::Buffer& answer, Stream& events);
  // After Way::kSocket, of one that is known by its name: where its socket is; nullptr: it has none, or is not there.
  const PeerAddress* socket();
  // Nobody was there any more: the next way() asks again.
  void socket_failed();
  // Calls back once, when way() says something else than kAsked.
  void when_known(std::function<void()> told) { waiting_.push_back(std::move(told)); }

 private:
  friend class LocalApps;
  class DoorWatcher;
  class WakeupWatcher;
  void ask();
  void read_door();
  void release();

  LocalApps& apps_;
  std::string address_;  // As an application announces it.
  os::Peer peer_;
  edge::LocalApp app_;
  std::unique_ptr<DoorWatcher> door_watcher_;
  std::unique_ptr<WakeupWatcher> wakeup_watcher_;
  int watched_wakeup_ = -1;
  std::uint64_t ask_again_ms_ = 0;
  std::uint64_t lost_until_ms_ = 0;
  PeerAddress socket_;
  bool met_ = false;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace tierce::nginx
