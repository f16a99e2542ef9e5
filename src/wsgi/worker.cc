#include "wsgi/worker.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "os/clock.h"
#include "os/socket_io.h"
#include "os/spin.h"
#include "wsgi/error_log.h"
#include "wsgi/request_runner.h"
#include "wsgi/uwsgi_api.h"
#include "wsgi/worker_limits.h"
#include "wsgi/worker_settings.h"

namespace tierce::wsgi {
namespace {

// An answer waits for the end of its batch at most this long before the edge is woken.
constexpr std::uint64_t kSignalWithinNs = 300'000;
constexpr std::uint64_t kSpinNs = 50'000;
// How long the stack of a hanging thread may take to be written.
constexpr int kDumpTries = 200;
// ... and a hook of the user to look at it; the supervisor waits a second for both.
constexpr int kAbortTries = 700;

int term_eventfd = -1;
void on_term(int) {
  const int saved = errno;
  os::ring_eventfd(term_eventfd);
  errno = saved;
}

}  // namespace

int Worker::stack_signal() { return SIGRTMIN + 7; }

Result<std::unique_ptr<Worker>> Worker::create(std::vector<os::UniqueFd> descriptors) {
  auto worker = std::make_unique<Worker>();
  if (descriptors.size() < 4) return fail("a worker was asked for without its descriptors");
  worker->control_ = os::MessageChannel(std::move(descriptors[0]));
  auto region = gateway::Region::map(std::move(descriptors[1]));
  if (!region) return fail(std::move(region).error());
  worker->region_ = std::move(*region);
  for (std::uint32_t i = 0; i < worker->region_.mailboxes(); ++i) {
    worker->wakeups_.push_back(std::move(descriptors[2 + 2 * i]));
    worker->inboxes_.push_back(std::make_unique<gateway::FdInbox>(os::MessageChannel(std::move(descriptors[3 + 2 * i])),
                                                                  worker->region_.mailbox(i)));
    worker->lines_.push_back(
        {worker->region_.mailbox(i), worker->wakeups_.back().get(), worker->inboxes_.back().get()});
  }
  worker->threads_ = std::vector<std::atomic<pthread_t>>(settings().threads);
  if (settings().greenlets != 0) {
    worker->hub_ = std::make_unique<Hub>();
    worker->hub_->wakeup = os::UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  }
  worker->retirement_ = Retirement(settings().retirement, os::monotonic_ns());
  worker->term_ = os::UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  term_eventfd = worker->term_.get();
  struct sigaction action {};
  action.sa_handler = on_term;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGTERM, &action, nullptr);
  return worker;
}

void Worker::say(gateway::FromWorker what) {
  static_cast<void>(
      control_.send(gateway::ControlMessage{.kind = static_cast<std::uint32_t>(what), .pid = ::getpid()}));
}

bool Worker::has_work() const {
  for (const EdgeLine& line : lines_) {
    if (line.mailbox.has_queued()) return true;
  }
  return false;
}

void Worker::count_request(std::uint64_t now_ns) {
  const std::uint64_t count = region_.page().requests_started.fetch_add(1, std::memory_order_relaxed) + 1;
  if (restart_said_.load(std::memory_order_relaxed)) return;
  if (const auto reason = retirement_.after_request(count, now_ns)) retire(*reason);
}

void Worker::retire(std::string_view reason) {
  if (restart_said_.exchange(true)) return;
  log_line(os::LogLevel::kInfo, fmt::format("Autorestarting worker {}", reason));
  leave_place();
  say(gateway::FromWorker::kWantsRestart);
}

void Worker::retire() {
  if (restart_said_.exchange(true)) return;
  leave_place();
  say(gateway::FromWorker::kWantsRestart);
}

bool Worker::take_one(std::uint32_t thread, std::uint64_t now) {
  for (EdgeLine& line : lines_) {
    const auto index = line.mailbox.take(thread, now);
    if (!index) continue;
    // Another thread may sleep while more is queued: this one may wait for something in its request.
    if (settings().threads > 1 && line.mailbox.has_queued()) gateway::Bell(region_.page()).ring(1);
    Call call{.line = &line, .index = *index, .slot = &line.mailbox.slot(*index)};
    const bool counted = has_card();
    if (counted) begin_counted(thread, call);
    run_request(call);
    const std::uint64_t answered = os::monotonic_ns();
    // While the slot is ours: what is counted stands in it, and who has the answer may ask for the count.
    if (counted) end_counted(thread, call, answered - now);
    line.mailbox.answer(*index, answered);
    line.mailbox.signal_quietly(*index);
    if (counted) after_answer(call);
    count_request(answered);
    if (settings().reaper) reap_children();
    return true;
  }
  return false;
}

void Worker::flush_signals() {
  for (const EdgeLine& line : lines_) {
    if (line.mailbox.edge_sleeps()) os::ring_eventfd(line.wakeup);
  }
}

// The hot path. Between two queued requests there is no system call, no lock and no allocation but
// Python's own: the queue is a few words of shared memory, and the edge is woken once for a batch, when
// the queue is empty or the oldest answer has waited long enough. The GIL is kept until there is nothing
// to do. Keep it so.
void Worker::run(std::uint32_t thread) {
  threads_[thread].store(::pthread_self());
  const bool main_thread = thread == 0;
  std::uint64_t unsignalled_since = 0;
  std::uint32_t batch = 0;  // Requests since this thread last had nothing to do.
  while (!exiting()) {
    const std::uint64_t now = os::monotonic_ns();
    if (take_one(thread, now)) {
      ++batch;
      if (unsignalled_since == 0) unsignalled_since = now;
      if (os::monotonic_ns() - unsignalled_since > kSignalWithinNs) {
        flush_signals();
        unsignalled_since = 0;
      }
      // Signal handlers of the application run between requests.
      if (main_thread) run_signal_handlers();
      continue;
    }
    if (unsignalled_since != 0) {
      flush_signals();
      unsignalled_since = 0;
      continue;  // Something may have been queued meanwhile.
    }
    // Woken for work that another thread has taken: back to sleep without asking for the GIL.
    bool signalled = false;
    {
      const GilRelease released;
      gateway::Bell bell(region_.page());
      // A lone request: the client that has just been answered may ask again before sleeping and waking
      // would have paid. Under load batches are longer and nothing is spent here.
      if (batch == 1 && region_.page().may_spin.load(std::memory_order_relaxed) != 0 && os::spinning_helps())
        os::spin_until([this] { return has_work() || exiting(); }, kSpinNs);
      batch = 0;
      while (!exiting() && !has_work() && !signalled) {
        signalled = !bell.wait([this] { return has_work() || exiting(); });
      }
    }
    if (signalled && main_thread) run_signal_handlers();
  }
  threads_[thread].store(0);
}

void Worker::run_signal_handlers() const {
  if (PyErr_CheckSignals() == 0) return;
  if (exiting() && PyErr_ExceptionMatches(PyExc_SystemExit) != 0) return PyErr_Clear();
  log_exception("error in a signal handler");
}

// --- control thread ---

void Worker::start_control(int stack_fd) {
  stack_fd_ = stack_fd;
  // The application's signals are for the interpreter's threads.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([this] { control_loop(); }).detach();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// For poll(): until this moment, or an hour.
int Worker::ms_until(std::uint64_t due_ns) {
  constexpr std::uint64_t kLongestMs = 3'600'000;
  const std::uint64_t now = os::monotonic_ns();
  if (now >= due_ns) return 0;
  return static_cast<int>(std::min(kLongestMs, (due_ns - now) / 1'000'000 + 1));
}

int Worker::lifetime_left_ms() const {
  if (retirement_.due_ns() == 0 || restart_said_.load()) return -1;
  return ms_until(retirement_.due_ns());
}

int Worker::hub_left_ms() const {
  const std::uint64_t beaten = beat_ns_.load(), limit = settings().hub_timeout_ns;
  if (limit == 0 || hang_said_ || exiting()) return -1;
  // Before the first beat the application is still on its way.
  return ms_until((beaten != 0 ? beaten : os::monotonic_ns()) + limit);
}

void Worker::say_that_it_hangs() {
  hang_said_ = true;
  log_line(os::LogLevel::kCritical,
           fmt::format("WORKER TIMEOUT (pid:{}): a greenlet has kept all others waiting for {:.0f} s", ::getpid(),
                       static_cast<double>(settings().hub_timeout_ns) / 1e9));
  leave_place();
  say(gateway::FromWorker::kHangs);
}

void Worker::control_loop() {
  ::prctl(PR_SET_NAME, "tierce-control");
  for (;;) {
    pollfd set[] = {{control_.fd(), POLLIN, 0}, {term_.get(), POLLIN, 0}};
    // As unsigned numbers: -1, without end, is the largest.
    const int patience =
        static_cast<int>(std::min(static_cast<unsigned>(lifetime_left_ms()), static_cast<unsigned>(hub_left_ms())));
    const int ready = ::poll(set, 2, patience);
    if (ready == 0 && lifetime_left_ms() == 0) retire("after its lifetime");
    if (hub_left_ms() == 0) say_that_it_hangs();
    if (ready <= 0) continue;
    if (set[1].revents != 0) {
      os::drain_eventfd(term_.get());
      retire();
    }
    if (set[0].revents == 0) continue;
    gateway::ControlMessage message;
    std::vector<os::UniqueFd> descriptors;
    switch (control_.receive(&message, &descriptors)) {
      case os::MessageChannel::Received::kNothing:
        continue;
      case os::MessageChannel::Received::kClosed:
        // The supervisor is gone, and nobody would end this process.
        ::_exit(0);
      case os::MessageChannel::Received::kMessage:
        break;
    }
    switch (static_cast<gateway::ToWorker>(message.kind)) {
      case gateway::ToWorker::kExit:
        exit(message.number != 0);
        break;
      case gateway::ToWorker::kReopen:
        if (!descriptors.empty()) replace_log(descriptors[0].get());
        break;
      case gateway::ToWorker::kDumpStack:
        dump_stack(message.thread, message.request);
        break;
    }
  }
}

void Worker::exit(bool at_once) {
  leave_place();
  interrupted_.store(at_once);
  region_.page().exiting.store(1, std::memory_order_seq_cst);
  if (hub_) {
    os::ring_eventfd(hub_->wakeup.get());
  } else {
    gateway::Bell(region_.page()).ring(settings().threads);
  }
  if (at_once) signal_main_thread(SIGINT);
}

void Worker::signal_main_thread(int number) const {
  const pthread_t main = threads_[0].load();
  // Not in its loop: it imports the application, or is at its end.
  if (main == 0 || ::pthread_kill(main, number) != 0) ::kill(::getpid(), number);
}

// The handler runs on the main thread as soon as that runs Python code.
void Worker::announce_abort() {
  abort_handled_.store(false);
  signal_main_thread(SIGABRT);
  for (int i = 0; i < kAbortTries && !abort_handled_.load(); ++i) ::usleep(1000);
}

// A hub that turns says where a greenlet stands that waits.
std::string Worker::stack_from_hub(std::uint64_t request) {
  stack_wanted_.store(request);
  os::ring_eventfd(hub_->wakeup.get());
  for (int i = 0; i < kDumpTries; ++i) {
    ::usleep(1000);
    if (stack_wanted_.load() == 0) return wanted_stack_;
  }
  return "";
}

// faulthandler's signal handler writes the stack of the thread that gets the signal, GIL or not: this
// works when the thread hangs in C code as well.
std::string Worker::stack_of_thread(std::uint32_t thread) {
  const pthread_t target = thread < threads_.size() ? threads_[thread].load() : 0;
  if (target == 0 || stack_fd_ < 0) return "";
  static_cast<void>(::ftruncate(stack_fd_, 0));
  ::lseek(stack_fd_, 0, SEEK_SET);
  ::pthread_kill(target, stack_signal());
  off_t seen = 0;
  for (int i = 0; i < kDumpTries; ++i) {
    ::usleep(1000);
    const off_t now = ::lseek(stack_fd_, 0, SEEK_CUR);
    if (now > 0 && now == seen) break;
    seen = now;
  }
  std::string text(static_cast<std::size_t>(seen), '\0');
  if (::pread(stack_fd_, text.data(), text.size(), 0) != seen) text.clear();
  return text;
}

// Of all greenlets (request 0) it is the one that runs that is of interest, and of one whose hub does not turn.
void Worker::dump_stack(std::uint32_t thread, std::uint64_t request) {
  std::string text;
  if (hub_ && request != 0) text = stack_from_hub(request);
  if (text.empty()) text = stack_of_thread(hub_ ? 0 : thread);
  while (text.ends_with('\n')) text.pop_back();
  if (text.empty()) text = "  (could not be read)";
  const std::string whose = request == 0 ? "Python stack of the greenlet that runs"
                                         : fmt::format("request {:016x}: Python stack of the {} that runs it", request,
                                                       hub_ ? "greenlet" : "thread");
  log_line(os::LogLevel::kError, fmt::format("{}:\n{}", whose, text));
  leave_place();  // It is replaced now.
  if (abort_expected_.load()) announce_abort();
  say(gateway::FromWorker::kDumped);
}

}  // namespace tierce::wsgi
