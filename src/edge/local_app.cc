#include "edge/local_app.h"

#include <algorithm>
#include <cstring>

#include "edge/connection.h"
#include "os/shared_text.h"

namespace tierce::edge {

using gateway::ControlMessage;
using gateway::FromEdge;
using gateway::ToEdge;

LocalApp::~LocalApp() = default;

void LocalApp::ask(os::MessageChannel door) {
  door_ = std::move(door);
  state_ = State::kAsked;
  socket_.clear();
  away_ = false;
  stopping_ = stopped_said_ = false;
}

void LocalApp::on_wakeup() const { os::drain_eventfd(wakeup_.get()); }

// One message. The calls of a channel that is closed in the middle end here.
bool LocalApp::step(const std::function<void(int)>& unwatch) {
  if (!door_) return false;
  ControlMessage message;
  std::vector<os::UniqueFd> descriptors;
  switch (door_.receive(&message, &descriptors)) {
    case os::MessageChannel::Received::kNothing:
      return false;
    case os::MessageChannel::Received::kClosed:
      lose(unwatch);
      return false;
    case os::MessageChannel::Received::kMessage:
      break;
  }
  away_ = static_cast<ToEdge>(message.kind) == ToEdge::kAway;
  if (away_ || static_cast<ToEdge>(message.kind) == ToEdge::kSocket) {
    socket_.assign(message.text, ::strnlen(message.text, sizeof message.text));
    lose(unwatch);
    return false;
  }
  Result<void> done;
  if (static_cast<ToEdge>(message.kind) == ToEdge::kWelcome) {
    if (wakeup_) unwatch(wakeup_.get());
    done = welcome(message, std::move(descriptors));
  } else if (edge_ == nullptr || state_ == State::kAsked) {
    done = fail("a message before the welcome");
  } else {
    act(message, std::move(descriptors));
    return true;
  }
  if (done) return true;
  error_log_.line(os::LogLevel::kError, std::move(done).error().during("the gateway to a local application").text());
  lose(unwatch);
  return false;
}

Result<void> LocalApp::welcome(const ControlMessage& message, std::vector<os::UniqueFd> descriptors) {
  if (descriptors.size() < 3) return fail("the welcome came without its descriptors");
  std::string text = os::contents_of(descriptors[0].get());
  auto unpacked = config::EdgeWelcome::unpack(text);
  if (!unpacked) return fail(std::move(unpacked).error());
  wakeup_ = std::move(descriptors[1]);
  error_file_ = std::move(descriptors[2]);
  error_log_ = os::ErrorLog::on_descriptor(error_file_.get(), unpacked->settings.log_level);
  os::UniqueFd access_log;
  if (descriptors.size() > 3) access_log = std::move(descriptors[3]);
  port_ = unpacked->port;
  ports_ = unpacked->ports;
  addresses_ = unpacked->listeners;
  config::EdgeWelcome plain = *unpacked;
  plain.id_base = 0;
  plain.port = 0;
  std::string packed = plain.pack();
  if (edge_ != nullptr && packed == packed_) {
    edge_->access_log().use(std::move(access_log));
  } else {
    if (edge_ != nullptr) {
      // Its requests that wait will find no worker.
      edge_->dispatcher().set_trouble(true);
      former_.emplace_back(std::move(settings_), std::move(edge_));
    }
    packed_ = std::move(packed);
    if (auto made = make_edge(std::move(*unpacked), std::move(access_log)); !made) return made;
  }
  edge_->dispatcher().set_trouble(message.number != 0);
  state_ = State::kOpen;
  return {};
}

Result<void> LocalApp::make_edge(config::EdgeWelcome welcome, os::UniqueFd access_log) {
  settings_ = std::make_unique<Settings>();
  settings_->settings = std::move(welcome.settings);
  for (const config::WelcomeListener& each : welcome.listeners) {
    settings_->listeners.push_back({.fd = -1,
                                    .is_unix = each.is_unix,
                                    .name = each.name,
                                    .port = each.port,
                                    .protocol = each.protocol,
                                    .worker_number = each.worker_number});
  }
  EdgeThread::Start start{};
  start.settings = &settings_->settings;
  start.listeners = &settings_->listeners;
  start.wakeup = -1;
  start.connections_max = UINT32_MAX;
  start.error_log = &error_log_;
  start.id_base = welcome.id_base;
  start.guest_log = std::move(access_log);
  start.reports = {.drained =
                       [this](std::uint32_t worker) {
                         say({.kind = static_cast<std::uint32_t>(FromEdge::kDrained), .number = worker});
                       },
                   .timed_out =
                       [this](std::uint32_t worker, std::uint32_t thread, std::uint64_t request) {
                         say({.kind = static_cast<std::uint32_t>(FromEdge::kTimedOut),
                              .number = worker,
                              .thread = thread,
                              .request = request});
                       },
                   .log = [this](os::LogLevel level, const std::string& text) { error_log_.line(level, text); }};
  auto thread = EdgeThread::create(std::move(start));
  if (!thread) return fail(std::move(thread).error());
  edge_ = std::move(*thread);
  return {};
}

void LocalApp::say(const ControlMessage& message) {
  if (door_) static_cast<void>(door_.send(message));  // One that is gone is noticed by its end of file.
}

Result<void> LocalApp::attach(const ControlMessage& message, std::vector<os::UniqueFd> descriptors) {
  if (descriptors.size() != 2) return fail("descriptors are missing");
  auto mapped = gateway::Region::map(std::move(descriptors[0]), ports_, message.shape);
  if (!mapped) return fail(std::move(mapped).error());
  if (port_ >= mapped->mailboxes()) return fail("there is no such port");
  auto region = std::make_shared<gateway::Region>(std::move(*mapped));
  auto link = std::make_unique<WorkerLink>(message.number, message.pid, message.threads, std::move(region), port_,
                                           os::MessageChannel(std::move(descriptors[1])),
                                           message.in_greenlets ? RunsIn::kGreenlets : RunsIn::kThreads);
  if (message.used_port) link->adopt();
  edge_->dispatcher().attach(std::move(link));
  workers_.push_back(message.number);
  return {};
}

void LocalApp::act(const ControlMessage& message, std::vector<os::UniqueFd> descriptors) {
  Dispatcher& dispatcher = edge_->dispatcher();
  switch (static_cast<ToEdge>(message.kind)) {
    case ToEdge::kAttach:
      if (auto attached = attach(message, std::move(descriptors)); !attached)
        error_log_.line(os::LogLevel::kError, std::move(attached).error().during("attaching a worker").text());
      return;
    case ToEdge::kDrain:
      return dispatcher.drain(message.number);
    case ToEdge::kHangs:
      return dispatcher.hang(message.number);
    case ToEdge::kDead:
      std::erase(workers_, message.number);
      return dispatcher.bury(message.number, {message.text, ::strnlen(message.text, sizeof message.text)});
    case ToEdge::kTrouble:
      return dispatcher.set_trouble(message.number != 0);
    case ToEdge::kReopen:
      if (descriptors.empty()) return;
      error_file_ = std::move(descriptors[0]);
      error_log_ = os::ErrorLog::on_descriptor(error_file_.get(), settings_->settings.log_level);
      if (descriptors.size() > 1) edge_->access_log().use(std::move(descriptors[1]));
      return;
    case ToEdge::kStop:
      // What was asked for is answered; who comes now waits for the next.
      state_ = State::kClosed;
      stopping_ = true;
      return;
    case ToEdge::kTls:
    case ToEdge::kWelcome:
    case ToEdge::kSocket:
    case ToEdge::kAway:
      return;
  }
}

// The supervisor is gone, and its workers with it. What waits goes on waiting, for the next; when nobody was there to
// be asked, it is refused.
void LocalApp::lose(const std::function<void(int)>& unwatch) {
  if (state_ == State::kAsked && edge_ != nullptr) edge_->dispatcher().set_trouble(true);
  unwatch(door_.fd());
  door_.close();
  if (wakeup_) unwatch(wakeup_.get());
  wakeup_ = os::UniqueFd();
  state_ = State::kClosed;
  for (const std::uint32_t worker : std::exchange(workers_, {}))
    edge_->dispatcher().bury(worker, "ended with its server");
}

std::unique_ptr<PairEnd> LocalApp::connect(std::string_view address, const os::Peer& peer) {
  const auto listener = listener_at(address);
  if (!listener) return nullptr;
  auto [ours, theirs] = PairEnd::make(queue_);
  Connection::start(*edge_, std::move(theirs), peer, *listener);
  return std::move(ours);
}

std::unique_ptr<LocalCall> LocalApp::call(std::string_view address, const os::Peer& peer, CallNews& news,
                                          Buffer& answer, LocalCall::Told told, void* who) {
  const auto listener = listener_at(address);
  // FastCGI may have several requests on a connection, and give them up one by one.
  if (!listener || edge_->listener(*listener).protocol == config::WireProtocol::kFastcgi) return nullptr;
  return std::make_unique<LocalCall>(*edge_, *listener, peer, news, answer, told, who);
}

std::optional<std::uint8_t> LocalApp::listener_at(std::string_view address) const {
  if (state_ != State::kOpen) return std::nullopt;
  const auto found = std::find_if(addresses_.begin(), addresses_.end(),
                                  [&](const config::WelcomeListener& each) { return each.address == address; });
  if (found == addresses_.end()) return std::nullopt;
  return static_cast<std::uint8_t>(found - addresses_.begin());
}

void LocalApp::begin_turn() {
  if (edge_ != nullptr) edge_->begin_turn();
  for (const auto& [settings, thread] : former_) thread->begin_turn();
}

void LocalApp::hand_out(int& longest_ms) {
  if (edge_ != nullptr) edge_->hand_out(longest_ms);
  for (const auto& [settings, thread] : former_) thread->hand_out(longest_ms);
  std::erase_if(former_, [](const auto& each) { return each.second->connection_count() == 0; });
  if (!stopping_ || stopped_said_ || !idle()) return;
  stopped_said_ = true;
  say({.kind = static_cast<std::uint32_t>(FromEdge::kStopped)});
}

void LocalApp::cancel_sleep() {
  if (edge_ != nullptr) edge_->dispatcher().cancel_sleep();
}

void LocalApp::end_turn(std::uint64_t now_ns, std::time_t wall) {
  if (edge_ != nullptr) edge_->end_turn(now_ns, wall);
  for (const auto& [settings, thread] : former_) thread->end_turn(now_ns, wall);
}

bool LocalApp::idle() const { return (edge_ == nullptr || edge_->connection_count() == 0) && former_.empty(); }

}  // namespace tierce::edge
