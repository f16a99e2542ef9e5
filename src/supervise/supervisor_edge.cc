// The edge of our own: its start, its end, what it says and is told, the certificates that it has.
#include <fmt/format.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>

#include "os/process_title.h"
#include "os/shared_text.h"
#include "os/user_identity.h"
#include "supervise/supervisor_process.h"
#include "tls/material.h"

namespace tierce::supervise {
namespace {

using gateway::ControlMessage;
using gateway::FromEdge;
using gateway::ToEdge;
using os::LogLevel;

}  // namespace

// What the files of settings_.tls hold now.
Result<std::string> Supervisor::read_certificates() const {
  const auto speaks_tls = [](const config::BindAddress& bind) { return bind.tls == config::Tls::kOn; };
  if (std::none_of(binds_.begin(), binds_.end(), speaks_tls)) return std::string();
  if (settings_.tls.empty()) return fail("an address of https needs a certificate: --certfile names it");
  std::vector<tls::Material> all;
  for (const config::TlsSettings& each : settings_.tls) {
    auto material = tls::read_material(each);
    if (!material) return fail(std::move(material).error());
    all.push_back(std::move(*material));
  }
  return tls::pack(all);
}

// Renewed files count for connections from now on; broken ones for none.
void Supervisor::renew_certificates() {
  auto now = read_certificates();
  if (now && *now == certificates_) return;
  if (!now) {
    return log_.line(LogLevel::kError, std::move(now).error().during("the certificates stay as they were").text());
  }
  auto shared = os::share_text(*now);
  if (!shared) return log_.line(LogLevel::kError, std::move(shared).error().during("new certificates").text());
  certificates_ = std::move(*now);
  const int fd = shared->get();
  tell_edge({.kind = static_cast<std::uint32_t>(ToEdge::kTls)}, {&fd, 1});
  log_.line(LogLevel::kInfo, "New certificates are in use");
}

void Supervisor::edge_ended(int status) {
  const auto kind = stopping_edge_ ? Event::Kind::kEdgeStopped
                    : edge_ready_  ? Event::Kind::kEdgeDied
                                   : Event::Kind::kEdgeFailed;
  if (stopping_edge_) {
    edge_stopped_ = true;
    if (visitors_.any()) return;  // They still answer what they have.
  }
  feed({.kind = kind, .status = status});
}

void Supervisor::serve_edge() {
  read_edge();
  if (edge_control_) to_edge_.flush(edge_control_);
}

void Supervisor::read_edge() {
  ControlMessage message;
  for (;;) {
    switch (edge_control_.receive(&message)) {
      case os::MessageChannel::Received::kNothing:
        return;
      case os::MessageChannel::Received::kClosed:
        return edge_control_.close();  // SIGCHLD tells the rest.
      case os::MessageChannel::Received::kMessage:
        break;
    }
    switch (static_cast<FromEdge>(message.kind)) {
      case FromEdge::kDrained:
        drained_by_one(message.number);
        break;
      case FromEdge::kTimedOut:
        timed_out(message);
        break;
      case FromEdge::kReady:
        edge_ready_ = true;
        break;
      case FromEdge::kStopped:
        break;  // A visitor's.
    }
  }
}

void Supervisor::tell_edge(const ControlMessage& message, std::span<const int> descriptors) {
  if (edge_control_) to_edge_.send(edge_control_, message, descriptors);
}

void Supervisor::edge_cannot_start(const Error& error) {
  log_.line(LogLevel::kCritical, fmt::format("starting the edge: {}", error.text()));
  edge_ended(1 << 8);
}

void Supervisor::start_edge() {
  wakeups_.clear();
  for (auto& of_thread : waiting_) of_thread.store(0);
  for (std::uint32_t i = 0; i < settings_.edge.threads; ++i) {
    wakeups_.emplace_back(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wakeups_.back()) return edge_cannot_start(errno_error("eventfd"));
  }
  auto channels = os::MessageChannel::pair(true);
  if (!channels) return edge_cannot_start(channels.error());
  auto& [ours, theirs] = *channels;
  const pid_t supervisor = ::getpid();
  const std::uint64_t id_base = request_ids();
  const pid_t pid = ::fork();
  if (pid < 0) return edge_cannot_start(errno_error("fork"));
  if (pid > 0) {
    edge_pid_ = pid;
    edge_control_ = std::move(ours);
    to_edge_.clear();
    return;
  }
  // The edge: a copy of us that keeps the listening sockets and its own channel, and nothing else.
  ours.close();
  edge_control_.close();
  signals_ = os::UniqueFd();
  workers_.clear();
  zygotes_.clear();
  watcher_ = os::FileWatcher();
  for (auto& [file, name] : pid_files_) file.forget();
  companions_.let_go();
  visitors_.let_go();
  port_wakeups_.clear();
  if (!settings_.edge_title.empty()) os::set_process_title(settings_.edge_title);
  if (auto done = os::become(plan_.identity); !done) {
    log_.line(LogLevel::kCritical, std::move(done).error().during("the edge").text());
    ::_exit(1);
  }
  // Signals stay blocked: the supervisor steers by messages. A killed supervisor takes the edge along.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != supervisor) ::_exit(1);
  config::EdgeStart start;
  start.settings = settings_.edge;
  int certificates = static_cast<int>(settings_.tls.size()), next = 0;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    const os::ListenSocket& listener = listeners_[i];
    start.listeners.push_back({.fd = listener.fd.get(),
                               .is_unix = listener.is_unix,
                               .name = listener.host,
                               .port = listener.port,
                               .protocol = binds_[i].protocol,
                               .tls = binds_[i].tls == config::Tls::kOn ? std::min(next++, certificates - 1) : -1,
                               .to_https = binds_[i].tls == config::Tls::kRedirect,
                               .worker_number = static_cast<std::uint8_t>(i)});
  }
  start.tls = certificates_;
  start.waiting = waiting_.begin();
  start.control = std::move(theirs);
  start.wakeups = std::move(wakeups_);
  start.id_base = id_base;
  ::_exit(edge_main_(std::move(start)));
}

// Ids of different edges and different starts do not meet: 24 random bits above 32 of counting.
std::uint64_t Supervisor::request_ids() { return static_cast<std::uint64_t>(std::random_device()() & 0xffffff) << 32; }
}  // namespace tierce::supervise
