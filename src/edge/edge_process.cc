#include "edge/edge_process.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

#include "edge/edge_thread.h"
#include "gateway/mailbox.h"
#include "os/error_log.h"
#include "os/shared_text.h"
#include "tls/material.h"

namespace tierce::edge {
namespace {

using config::EdgeStart;
using gateway::ControlMessage;
using gateway::FromEdge;
using gateway::ToEdge;

// Descriptors kept for logs, temporary files, workers and the gateway.
constexpr std::uint64_t kDescriptorsKept = 200;

std::uint32_t connections_max(const config::EdgeSettings& settings) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  // The soft limit is a default for programs that use select(); we may have all of the hard one.
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  std::uint64_t most = limit.rlim_cur > 2 * kDescriptorsKept ? limit.rlim_cur - kDescriptorsKept : limit.rlim_cur / 2;
  if (settings.connections_max != 0) most = std::min<std::uint64_t>(most, settings.connections_max);
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(most / std::max(settings.threads, 1u), 1, 1u << 30));
}

Result<TlsContexts> contexts_of(std::string_view packed) {
  TlsContexts contexts;
  if (packed.empty()) return contexts;
  auto all = tls::unpack(packed);
  if (!all) return fail(std::move(all).error());
  for (const tls::Material& material : *all) {
    auto context = tls::Context::create(material);
    if (!context) return fail(std::move(context).error());
    contexts.push_back(std::move(*context));
  }
  return contexts;
}

class EdgeProcess {
 public:
  explicit EdgeProcess(EdgeStart start) : start_(std::move(start)) {}

  int run() {
    auto log = os::ErrorLog::open(start_.settings.error_log, start_.settings.log_level);
    if (!log) return report(log.error());
    log_ = std::move(*log);
    auto contexts = contexts_of(start_.tls);
    if (!contexts) return report(contexts.error());
    start_.tls.clear();  // Keys are kept once, in their contexts.
    const std::uint32_t most = connections_max(start_.settings);
    for (std::uint32_t i = 0; i < start_.wakeups.size(); ++i) {
      EdgeThread::Start of{};
      of.settings = &start_.settings;
      of.listeners = &start_.listeners;
      of.wakeup = start_.wakeups[i].get();
      of.connections_max = most;
      of.control = i == 0 ? &start_.control : nullptr;
      of.on_control = [this](const ControlMessage& message, std::vector<os::UniqueFd> descriptors) {
        on_control(message, std::move(descriptors));
      };
      of.reports = reports();
      of.error_log = &log_;
      of.waiting = &start_.waiting[i];
      // Thread number in the top bits: ids are unique without the threads talking to each other.
      of.id_base = start_.id_base + (std::uint64_t{i} << 56);
      of.tls = *contexts;
      auto thread = EdgeThread::create(std::move(of));
      if (!thread) return report(thread.error());
      threads_.push_back(std::move(*thread));
    }
    send({.kind = static_cast<std::uint32_t>(FromEdge::kReady)});
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < threads_.size(); ++i) others.emplace_back([this, i] { threads_[i]->run(); });
    threads_.front()->run();
    for (std::size_t i = 1; i < threads_.size(); ++i) {
      if (stop_said_) continue;
      threads_[i]->post([](EdgeThread& thread) { thread.supervisor_gone(); });
    }
    for (std::thread& other : others) other.join();
    return 0;
  }

 private:
  int report(const Error& error) {
    log_.line(os::LogLevel::kCritical, fmt::format("the edge cannot start: {}", error.text()));
    return 1;
  }

  void send(const ControlMessage& message) {
    const std::lock_guard lock(send_mutex_);
    static_cast<void>(start_.control.send(message));  // A supervisor that is gone is noticed by its end of file.
  }

  Dispatcher::Reports reports() {
    return {.drained = [this](std::uint32_t worker) { thread_drained(worker); },
            .timed_out =
                [this](std::uint32_t worker, std::uint32_t thread, std::uint64_t request) {
                  send({.kind = static_cast<std::uint32_t>(FromEdge::kTimedOut),
                        .number = worker,
                        .thread = thread,
                        .request = request});
                },
            .log = [this](os::LogLevel level, const std::string& text) { log_.line(level, text); }};
  }

  // A worker is drained when each thread has said so.
  void thread_drained(std::uint32_t worker) {
    {
      const std::lock_guard lock(send_mutex_);
      if (++drained_[worker] < threads_.size()) return;
      drained_.erase(worker);
    }
    send({.kind = static_cast<std::uint32_t>(FromEdge::kDrained), .number = worker});
  }

  template <typename F>
  void on_each_thread(F f) {
    f(*threads_.front());  // Control messages are read by this one.
    for (std::size_t i = 1; i < threads_.size(); ++i) threads_[i]->post(f);
  }

  void on_control(const ControlMessage& message, std::vector<os::UniqueFd> descriptors) {
    const std::uint32_t worker = message.number;
    switch (static_cast<ToEdge>(message.kind)) {
      case ToEdge::kAttach:
        return attach(message, std::move(descriptors));
      case ToEdge::kDrain:
        return on_each_thread([worker](EdgeThread& t) { t.dispatcher().drain(worker); });
      case ToEdge::kHangs:
        return on_each_thread([worker](EdgeThread& t) { t.dispatcher().hang(worker); });
      case ToEdge::kDead: {
        const std::string why(message.text, ::strnlen(message.text, sizeof message.text));
        return on_each_thread([worker, why](EdgeThread& t) { t.dispatcher().bury(worker, why); });
      }
      case ToEdge::kStop: {
        stop_said_ = true;
        const std::uint64_t grace_ms = message.number;
        return on_each_thread([this, grace_ms](EdgeThread& t) {
          t.stop(grace_ms);
          // The last one to stop accepting closes the sockets: clients that come later are refused at once.
          if (++threads_stopped_ == threads_.size()) {
            for (const config::EdgeListener& listener : start_.listeners) os::UniqueFd closed(listener.fd);
          }
        });
      }
      case ToEdge::kReopen:
        if (auto reopened = log_.reopen(); !reopened) log_.line(os::LogLevel::kError, reopened.error().text());
        return on_each_thread([](EdgeThread& t) {
          if (auto reopened = t.access_log().reopen(); !reopened) {
            t.error_log().line(os::LogLevel::kError, reopened.error().text());
          }
        });
      case ToEdge::kTls:
        return renew_tls(std::move(descriptors));
      case ToEdge::kWelcome:
      case ToEdge::kSocket:
      case ToEdge::kAway:
        return;  // A visitor's.
      case ToEdge::kTrouble:
        return on_each_thread([on = message.number != 0](EdgeThread& t) { t.dispatcher().set_trouble(on); });
    }
  }

  void renew_tls(std::vector<os::UniqueFd> descriptors) {
    if (descriptors.size() != 1)
      return log_.line(os::LogLevel::kCritical, "new certificates: the descriptor is missing");
    auto contexts = contexts_of(os::contents_of(descriptors.front().get()));
    if (!contexts)
      return log_.line(os::LogLevel::kError, std::move(contexts).error().during("new certificates").text());
    on_each_thread([made = *contexts](EdgeThread& t) { t.use_tls(made); });
  }

  void attach(const ControlMessage& message, std::vector<os::UniqueFd> descriptors) {
    if (descriptors.size() != 1 + threads_.size()) {
      return log_.line(os::LogLevel::kCritical, "attaching a worker: descriptors are missing");
    }
    auto mapped = gateway::Region::map(std::move(descriptors[0]), message.mailboxes, message.shape);
    if (!mapped) return log_.line(os::LogLevel::kCritical, "attaching a worker: " + mapped.error().text());
    if (mapped->mailboxes() < threads_.size())
      return log_.line(os::LogLevel::kCritical, "attaching a worker: too small");
    auto region = std::make_shared<gateway::Region>(std::move(*mapped));
    for (std::uint32_t i = 0; i < threads_.size(); ++i) {
      // A shared_ptr around the link, because a std::function must be copyable.
      auto link = std::make_shared<std::unique_ptr<WorkerLink>>(std::make_unique<WorkerLink>(
          message.number, message.pid, message.threads, region, i, os::MessageChannel(std::move(descriptors[1 + i])),
          message.in_greenlets ? RunsIn::kGreenlets : RunsIn::kThreads));
      auto f = [link](EdgeThread& t) { t.dispatcher().attach(std::move(*link)); };
      if (i == 0) {
        f(*threads_[0]);
      } else {
        threads_[i]->post(f);
      }
    }
  }

  EdgeStart start_;
  os::ErrorLog log_;
  std::vector<std::unique_ptr<EdgeThread>> threads_;
  std::mutex send_mutex_;
  std::map<std::uint32_t, std::size_t> drained_;
  std::atomic<std::size_t> threads_stopped_{0};
  bool stop_said_ = false;
};

}  // namespace

int run_edge(EdgeStart start) { return EdgeProcess(std::move(start)).run(); }

}  // namespace tierce::edge
