#include "supervisord/chain.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <tuple>

#include "os/clock.h"

namespace tierce::supervisord {

using config::chain::ProgramRole;
using gateway::ChainKind;
using gateway::ChainMessage;
using namespace std::chrono_literals;

namespace {

// `supervisorctl restart` is a stop and a start with a moment in between.
constexpr auto kMayComeBack = 2s;
// How long an application may take to say what it listens on: it imports nothing before that.
constexpr auto kMayStart = 10s;
constexpr std::size_t kVisitsMost = 256;
constexpr std::chrono::seconds kTakesOver{1};

TimePoint current() { return TimePoint(static_cast<std::int64_t>(os::monotonic_ns())); }
bool is_application(ProgramRole role) { return role == ProgramRole::kUwsgi || role == ProgramRole::kGunicorn; }

}  // namespace

Chain::Role& Chain::know(const std::vector<std::string>& names, ProgramRole role) {
  Role& known = roles_[names.front()];
  known.role = role;
  known.names = names;
  return known;
}

os::UniqueFd Chain::begin(const std::vector<std::string>& names, ProgramRole role) {
  const std::string& program = names.front();
  Role& of = know(names, role);
  close(of);
  auto pair = os::MessageChannel::pair(true);
  if (!pair) {
    log_(fmt::format("{}: no channel for its role: {}", program, pair.error().text()));
    return {};
  }
  of.channel = std::move(pair->first);
  of.settled = of.ready = !is_application(role);
  of.renews = true;
  of.down_since = TimePoint::max();
  loop_.watch(of.channel.fd(), {}, [this, program] { read(program); });
  return std::move(pair->second).take_fd();
}

void Chain::close(Role& role) {
  if (!role.channel) return;
  loop_.forget(role.channel.fd());
  role.channel.close();
}

void Chain::ended(const std::string& program, TimePoint now, Ending ending) {
  const auto found = roles_.find(program);
  if (found == roles_.end()) return;
  Role& role = found->second;
  role.down_since = now;
  close(role);
  if (role.ready) role.died = now;
  // What is left of one that was killed may still hold its addresses when the next one starts.
  const bool right_after = now < role.died + kTakesOver;
  if (!right_after && (ending == Ending::kAgain || (ending == Ending::kByItself && !role.ready))) role.failed = true;
  look_at_visits();
}

void Chain::gave_up(const std::vector<std::string>& names, ProgramRole role) {
  know(names, role).failed = true;
  look_at_visits();
}

void Chain::start_asked(const std::string& program) {
  if (const auto role = roles_.find(program); role != roles_.end()) role->second.failed = false;
}

void Chain::end() {
  ending_ = true;
  for (auto& [name, role] : roles_) {
    if (!is_application(role.role) && role.channel) ::shutdown(role.channel.fd(), SHUT_WR);
  }
  look_at_visits();
}

void Chain::read(const std::string& program) {
  for (;;) {
    const auto role = roles_.find(program);
    if (role == roles_.end() || !role->second.channel) return;
    ChainMessage message;
    std::vector<os::UniqueFd> descriptors;
    switch (role->second.channel.receive(&message, &descriptors)) {
      case os::MessageChannel::Received::kNothing:
        return;
      case os::MessageChannel::Received::kClosed:
        // Its process may live on, or be about to end.
        role->second.down_since = current();
        return close(role->second);
      case os::MessageChannel::Received::kMessage:
        take(program, role->second, message, std::move(descriptors));
    }
  }
}

void Chain::take(const std::string& program, Role& role, const ChainMessage& message,
                 std::vector<os::UniqueFd> descriptors) {
  const std::string address(message.text, ::strnlen(message.text, sizeof message.text));
  switch (static_cast<ChainKind>(message.kind)) {
    case ChainKind::kAnnounce:
      role.begin_addresses();
      role.addresses.push_back(address);
      log_(fmt::format("{}: requests to {} reach it through shared memory", program, address));
      return look_at_visits();
    case ChainKind::kSettled:
      role.begin_addresses();
      role.settled = true;
      return look_at_visits();
    case ChainKind::kReady:
      role.ready = true;
      role.failed = false;
      return look_at_visits();
    case ChainKind::kLeaving:
      role.settled = false;
      return;
    case ChainKind::kVisit: {
      if (descriptors.size() != 1) return;
      const TimePoint now = current();
      Visit visit{.address = address, .door = std::move(descriptors.front()), .until = now + kMayStart};
      if (hand_on(visit, now) || visits_.size() >= kVisitsMost) return;
      visits_.push_back(std::move(visit));
    }
  }
}

bool Chain::comes(const Role& role, TimePoint now) const {
  if (ending_) return false;
  return role.channel ? !role.serves() : role.down_since != TimePoint::max() && now < role.down_since + kMayComeBack;
}

Chain::Role* Chain::owner_of(const std::string& address, TimePoint now) {
  constexpr std::string_view kByName = "app:";
  const bool by_name = address.starts_with(kByName);
  const std::string wanted = by_name ? address.substr(kByName.size()) : address;
  Role* best = nullptr;
  // The process of that very name is meant before all processes of a program that is called so.
  const auto worth = [&](const Role& role) {
    return std::tuple(wanted == role.names.front(), role.serves(), comes(role, now), ~role.last_visit);
  };
  for (auto& [name, role] : roles_) {
    if (!is_application(role.role)) continue;
    const std::vector<std::string>& own = by_name ? role.names : role.addresses;
    if (std::find(own.begin(), own.end(), wanted) == own.end()) continue;
    if (best == nullptr || worth(role) > worth(*best)) best = &role;
  }
  return best;
}

bool Chain::somebody_starts(const Role* owner, TimePoint now) const {
  if (owner != nullptr || ending_) return owner != nullptr && comes(*owner, now);
  return std::any_of(roles_.begin(), roles_.end(), [&](const auto& each) {
    return is_application(each.second.role) && each.second.channel && !each.second.settled;
  });
}

bool Chain::let_in(Role& owner, const Visit& visit) {
  ChainMessage message{.kind = static_cast<std::uint32_t>(ChainKind::kVisit)};
  std::memcpy(message.text, visit.address.data(), std::min(visit.address.size(), sizeof message.text - 1));
  const int door = visit.door.get();
  owner.last_visit = ++visits_seen_;
  // One that takes nothing any more is about to end.
  owner.settled = owner.channel.send(message, {&door, 1}).has_value();
  return owner.settled;
}

// True when its door is no more to be kept: handed on, or closed.
bool Chain::hand_on(Visit& visit, TimePoint now) {
  Role* owner = owner_of(visit.address, now);
  if (owner != nullptr && owner->serves() && let_in(*owner, visit)) return true;
  if (owner != nullptr && owner->failed) {
    os::MessageChannel door(std::move(visit.door));
    static_cast<void>(door.send(gateway::ControlMessage{.kind = static_cast<std::uint32_t>(gateway::ToEdge::kAway)}));
    return true;
  }
  // It is known who is waited for: as long as whoever waits likes to.
  if (owner != nullptr) visit.until = now + kMayStart;
  return now >= visit.until || !somebody_starts(owner, now);
}

void Chain::look_at_visits() {
  const TimePoint now = current();
  std::erase_if(visits_, [&](Visit& visit) { return hand_on(visit, now); });
}

void Chain::tick(TimePoint now) {
  if (now >= deadline()) look_at_visits();
}

TimePoint Chain::deadline() const {
  TimePoint first = TimePoint::max();
  if (visits_.empty()) return first;
  for (const Visit& visit : visits_) first = std::min(first, visit.until);
  for (const auto& [name, role] : roles_) {
    if (!role.channel && role.down_since != TimePoint::max())
      first = std::min<TimePoint>(first, role.down_since + kMayComeBack);
  }
  return first;
}

}  // namespace tierce::supervisord
