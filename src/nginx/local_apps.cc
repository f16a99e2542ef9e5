#include "nginx/local_apps.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstring>

#include "config/nginx/address.h"
#include "gateway/door.h"
#include "os/real_path.h"

namespace tierce::nginx {
namespace {

// How long an address that was nobody's stays so. Programs that start later announce themselves.
constexpr std::uint64_t kAskAgainMs = 1000;
// An application that has just died may take a question with it before its parent knows of its end: so long the parent
// is asked again at once.
constexpr std::uint64_t kJustLostMs = 200;
// ... and how long that one has failed to start is not asked about again.
constexpr std::uint64_t kAwayMs = 100;
constexpr std::string_view kUnix = "unix:", kByName = "app:";

bool is_loopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address);
    return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
  }
  if (address.ss_family != AF_INET6) return false;
  return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr);
}

}  // namespace

class LocalApp::DoorWatcher final : public Watcher {
 public:
  explicit DoorWatcher(LocalApp& of) : of_(of) {}
  void on_poll(std::uint32_t) override { of_.read_door(); }

 private:
  LocalApp& of_;
};

class LocalApp::WakeupWatcher final : public Watcher {
 public:
  explicit WakeupWatcher(LocalApp& of) : of_(of) {}
  // The answers themselves are taken in the next turn's beginning.
  void on_poll(std::uint32_t) override { of_.app_.on_wakeup(); }

 private:
  LocalApp& of_;
};

// Nothing comes from the parent to an edge but the end.
class LocalApps::ParentWatcher final : public Watcher {
 public:
  explicit ParentWatcher(LocalApps& of) : of_(of) {}
  void on_poll(std::uint32_t) override { of_.begin_end(); }

 private:
  LocalApps& of_;
};

LocalApp::LocalApp(LocalApps& apps, std::string address, bool by_name)
    : apps_(apps),
      address_(std::move(address)),
      app_(apps.loop_.pairs()),
      door_watcher_(std::make_unique<DoorWatcher>(*this)),
      wakeup_watcher_(std::make_unique<WakeupWatcher>(*this)) {
  if (by_name || address_.starts_with(kUnix)) return;
  const std::string host = address_.starts_with('[') ? "::1" : "127.0.0.1";
  std::memcpy(peer_.address, host.data(), host.size());
  peer_.address_bytes = static_cast<std::uint8_t>(host.size());
}

LocalApp::~LocalApp() = default;

LocalApp::Way LocalApp::way() {
  using State = edge::LocalApp::State;
  if (app_.state() == State::kOpen) return Way::kOpen;
  if (apps_.ending_) return Way::kSocket;
  if (app_.state() == State::kAsked) return Way::kAsked;
  // One that stops still answers what it has; the next comes when it is gone.
  if (!app_.may_ask()) return Way::kAsked;
  // Where sockets are the only way, one that is known is good until nobody is there.
  const bool known = apps_.names_only_ && !app_.socket().empty();
  const std::uint64_t now_ms = apps_.loop_.now_ms();
  if (known ? ask_again_ms_ == 0 : now_ms >= ask_again_ms_ || now_ms < lost_until_ms_) ask();
  if (app_.state() == State::kAsked) return Way::kAsked;
  return app_.away() ? Way::kAway : Way::kSocket;
}

void LocalApp::ask() {
  ask_again_ms_ = apps_.loop_.now_ms() + kAskAgainMs;
  auto pair = os::MessageChannel::pair(true);
  if (!pair || address_.size() >= gateway::kTextMax) return;
  gateway::ChainMessage message{.kind = static_cast<std::uint32_t>(gateway::ChainKind::kVisit)};
  std::memcpy(message.text, address_.data(), address_.size());
  // The channel is the whole process's, and its master's: it is not ours to close.
  os::MessageChannel chain{os::UniqueFd(apps_.chain_)};
  const int theirs = pair->second.fd();
  const auto sent = chain.send(message, {&theirs, 1});
  static_cast<void>(std::move(chain).take_fd().release());
  if (!sent) return;
  if (!apps_.loop_.poller().add_source(pair->first.fd(), static_cast<Watcher*>(door_watcher_.get()))) return;
  app_.ask(std::move(pair->first));
}

void LocalApp::read_door() {
  os::Poller& poller = apps_.loop_.poller();
  const bool was_open = app_.state() == edge::LocalApp::State::kOpen;
  app_.read_door([&](int fd) {
    poller.remove(fd);
    if (fd == watched_wakeup_) watched_wakeup_ = -1;
  });
  if (app_.wakeup() >= 0 && watched_wakeup_ < 0) {
    if (poller.add_source(app_.wakeup(), static_cast<Watcher*>(wakeup_watcher_.get()))) watched_wakeup_ = app_.wakeup();
  }
  if (app_.state() == edge::LocalApp::State::kOpen) {
    ask_again_ms_ = 0;  // Should it go, the next is asked for at once.
    if (!std::exchange(met_, true)) apps_.met_.push_back(this);
  }
  if (was_open && app_.state() == edge::LocalApp::State::kClosed) lost_until_ms_ = apps_.loop_.now_ms() + kJustLostMs;
  if (app_.away()) ask_again_ms_ = apps_.loop_.now_ms() + kAwayMs;
  // Where one has gone, its successor is asked for: by those who come, and by those who are still inside.
  if ((waiting_.empty() && app_.idle()) || way() == Way::kAsked) return;
  release();
}

void LocalApp::release() {
  for (const auto& f : std::exchange(waiting_, {})) f();
}

std::unique_ptr<edge::PairEnd> LocalApp::connect() {
  return app_.connect(address_.starts_with(kByName) ? kByName : std::string_view(address_), peer_);
}

std::unique_ptr<edge::LocalCall> LocalApp::call(edge::Buffer& answer, Stream& events) {
  return app_.call(
      address_.starts_with(kByName) ? kByName : std::string_view(address_), peer_, apps_.news_, answer,
      [](void* stream) { static_cast<Stream*>(stream)->on_poll(EPOLLIN); }, &events);
}

const PeerAddress* LocalApp::socket() {
  const std::string& known = app_.socket();
  if (known.empty()) return nullptr;
  if (socket_.text != known) {
    if (known.starts_with(kUnix)) {
      socket_ = NameResolver::of_unix(known.substr(kUnix.size()));
    } else {
      const auto address = config::nginx::parse_upstream_address(known, 0);
      const auto found = address ? NameResolver::numeric(address->host, address->port) : std::vector<PeerAddress>();
      if (found.empty()) return nullptr;
      socket_ = found.front();
    }
  }
  return &socket_;
}

void LocalApp::socket_failed() { ask_again_ms_ = 0; }

LocalApps::LocalApps(Loop& loop, int chain, bool names_only) : loop_(loop), chain_(chain), names_only_(names_only) {
  if (chain_ >= 0) loop_.set_guest(this);
}

LocalApps::~LocalApps() {
  if (chain_ >= 0) loop_.set_guest(nullptr);
}

Result<void> LocalApps::open() {
  if (chain_ < 0) return {};
  parent_ = std::make_unique<ParentWatcher>(*this);
  return loop_.poller().add_source(chain_, static_cast<Watcher*>(parent_.get()));
}

void LocalApps::begin_end() {
  loop_.poller().remove(chain_);
  ending_ = true;
  for (const auto& [address, app] : apps_) {
    if (app != nullptr) app->release();
  }
  if (told_) told_();
}

edge::Buffer LocalApps::take_buffer() {
  if (buffers_.empty()) return {};
  edge::Buffer buffer = std::move(buffers_.back());
  buffers_.pop_back();
  return buffer;
}

void LocalApps::give_back(edge::Buffer buffer) {
  constexpr std::size_t kMost = 256, kBytes = 32768;
  if (buffers_.size() >= kMost) return;
  buffer.clear();
  buffer.shrink(kBytes);
  buffers_.push_back(std::move(buffer));
}

LocalApp* LocalApps::find(const PeerAddress& address) {
  if (chain_ < 0 || (names_only_ && !address.text.starts_with(kByName))) return nullptr;
  const auto known = apps_.find(address.text);
  if (known != apps_.end()) return known->second.get();
  std::unique_ptr<LocalApp> app;
  if (address.text.starts_with(kByName)) {
    app = std::make_unique<LocalApp>(*this, address.text, true);
  } else if (address.text.starts_with(kUnix)) {
    const std::string path = os::real_path(address.text.substr(kUnix.size()));
    app = std::make_unique<LocalApp>(*this, std::string(kUnix) + path, false);
  } else if (is_loopback(address.storage)) {
    app = std::make_unique<LocalApp>(*this, address.text, false);
  }
  return (apps_[address.text] = std::move(app)).get();
}

void LocalApps::collect() {
  for (LocalApp* each : met_) each->app_.begin_turn();
  news_.run();
}

void LocalApps::hand_out(int& longest_ms) {
  for (LocalApp* each : met_) each->app_.hand_out(longest_ms);
  if (!news_.empty()) longest_ms = 0;
}

bool LocalApps::spin() { return met_.size() == 1 && met_.front()->app_.spin_for_answer(); }

bool LocalApps::prepare_sleep() {
  for (std::size_t i = 0; i < met_.size(); ++i) {
    if (met_[i]->app_.prepare_sleep()) continue;
    for (std::size_t j = 0; j < i; ++j) met_[j]->app_.cancel_sleep();
    return false;
  }
  return true;
}

void LocalApps::cancel_sleep() {
  for (LocalApp* each : met_) each->app_.cancel_sleep();
}

void LocalApps::tick() {
  for (LocalApp* each : met_) each->app_.end_turn(loop_.now_ns(), loop_.wall());
  news_.run();
}

}  // namespace tierce::nginx
