#include "supervise/visitors.h"

#include <poll.h>

#include <cstring>
#include <utility>

namespace tierce::supervise {

using gateway::ChainKind;
using gateway::ChainMessage;
using gateway::ControlMessage;
using gateway::FromEdge;
using gateway::ToEdge;

void Visitors::open(Events events) {
  events_ = std::move(events);
  gateway::ChainEnd end = gateway::take_chain_end();
  chain_ = std::move(end.channel);
  names_only_ = end.names_only;
}

void Visitors::announce(const std::string& address) {
  if (!chain_ || address.size() >= gateway::kTextMax) return;
  ChainMessage message{.kind = static_cast<std::uint32_t>(ChainKind::kAnnounce)};
  std::memcpy(message.text, address.data(), address.size());
  static_cast<void>(chain_.send(message));  // A parent that is gone ends us otherwise.
}

void Visitors::settle() {
  if (chain_) static_cast<void>(chain_.send(ChainMessage{.kind = static_cast<std::uint32_t>(ChainKind::kSettled)}));
}

void Visitors::ready() {
  if (!chain_ || std::exchange(ready_said_, true)) return;
  static_cast<void>(chain_.send(ChainMessage{.kind = static_cast<std::uint32_t>(ChainKind::kReady)}));
}

void Visitors::add_sources(Sources& sources) {
  if (chain_) sources.add(chain_.fd(), [this] { read_chain(); });
  for (auto& [port, visitor] : visitors_) {
    sources.add(
        visitor.channel.fd(), [this, number = port] { read(number); },
        visitor.backlog.empty() ? POLLIN : POLLIN | POLLOUT);
  }
}

void Visitors::let_go() {
  chain_.close();
  visitors_.clear();
}

void Visitors::read_chain() {
  for (;;) {
    ChainMessage message;
    std::vector<os::UniqueFd> descriptors;
    switch (chain_.receive(&message, &descriptors)) {
      case os::MessageChannel::Received::kNothing:
        return;
      case os::MessageChannel::Received::kClosed:
        return chain_.close();
      case os::MessageChannel::Received::kMessage:
        break;
    }
    if (static_cast<ChainKind>(message.kind) != ChainKind::kVisit || descriptors.size() != 1) continue;
    events_.came(os::MessageChannel(std::move(descriptors.front())));
  }
}

std::optional<std::uint32_t> Visitors::admit(os::MessageChannel& channel) {
  for (std::uint32_t port = 0; port < ports(); ++port) {
    if (visitors_.contains(port)) continue;
    visitors_[port].channel = std::move(channel);
    return port;
  }
  return std::nullopt;
}

void Visitors::show_socket(os::MessageChannel& channel, const std::string& address) {
  if (address.size() >= gateway::kTextMax) return;
  ControlMessage message{.kind = static_cast<std::uint32_t>(ToEdge::kSocket)};
  std::memcpy(message.text, address.data(), address.size());
  static_cast<void>(channel.send(message));
}

void Visitors::tell(std::uint32_t port, const ControlMessage& message, std::span<const int> descriptors) {
  const auto visitor = visitors_.find(port);
  if (visitor == visitors_.end()) return;
  visitor->second.backlog.send(visitor->second.channel, message, descriptors);
}

void Visitors::tell_all(const ControlMessage& message, std::span<const int> descriptors) {
  for (auto& [port, visitor] : visitors_) visitor.backlog.send(visitor.channel, message, descriptors);
}

bool Visitors::drain(std::uint32_t worker) {
  if (visitors_.empty()) return false;
  auto& waited_for = draining_[worker];
  for (const auto& [port, visitor] : visitors_) waited_for.insert(port);
  tell_all({.kind = static_cast<std::uint32_t>(ToEdge::kDrain), .number = worker});
  return true;
}

bool Visitors::stop() {
  if (chain_) static_cast<void>(chain_.send(ChainMessage{.kind = static_cast<std::uint32_t>(ChainKind::kLeaving)}));
  if (visitors_.empty()) return false;
  stopping_ = true;
  tell_all({.kind = static_cast<std::uint32_t>(ToEdge::kStop)});
  return true;
}

void Visitors::send_away_all() {
  while (!visitors_.empty()) leave(visitors_.begin()->first);
}

void Visitors::said_drained(std::uint32_t port, std::uint32_t worker) {
  const auto waited_for = draining_.find(worker);
  if (waited_for == draining_.end()) return;
  waited_for->second.erase(port);
  if (!waited_for->second.empty()) return;
  draining_.erase(waited_for);
  events_.drained(worker);
}

// What it held of workers is abandoned: nobody waits for it.
void Visitors::leave(std::uint32_t port) {
  visitors_.erase(port);
  std::vector<std::uint32_t> workers;
  for (const auto& [worker, waited_for] : draining_) workers.push_back(worker);
  for (const std::uint32_t worker : workers) said_drained(port, worker);
  if (stopping_ && visitors_.empty()) {
    stopping_ = false;
    events_.stopped();
  }
}

void Visitors::read(std::uint32_t port) {
  for (;;) {
    const auto visitor = visitors_.find(port);
    if (visitor == visitors_.end()) return;
    ControlMessage message;
    switch (visitor->second.channel.receive(&message)) {
      case os::MessageChannel::Received::kNothing:
        return visitor->second.backlog.flush(visitor->second.channel);
      case os::MessageChannel::Received::kClosed:
        return leave(port);
      case os::MessageChannel::Received::kMessage:
        break;
    }
    switch (static_cast<FromEdge>(message.kind)) {
      case FromEdge::kDrained:
        said_drained(port, message.number);
        break;
      case FromEdge::kTimedOut:
        events_.timed_out(message);
        break;
      case FromEdge::kStopped:
        return leave(port);
      case FromEdge::kReady:
        break;
    }
  }
}

}  // namespace tierce::supervise
