#include "supervisord/health_check.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "os/clock.h"
#include "os/socket_io.h"
#include "supervisord/http_probe.h"
#include "supervisord/wait_status.h"

namespace tierce::supervisord {
namespace {

using Verdict = HealthState::Verdict;

// Of what a check says, what is shown: the beginning of its first line.
constexpr std::size_t kReasonMax = 200;

TimePoint time_now() { return TimePoint(static_cast<std::int64_t>(os::monotonic_ns())); }

std::string first_line(int fd) {
  std::array<char, kReasonMax> bytes{};
  const ssize_t got = ::read(fd, bytes.data(), bytes.size());
  if (got <= 0) return {};
  const std::string_view text(bytes.data(), static_cast<std::size_t>(got));
  return std::string(text.substr(0, text.find('\n')));
}

std::string search_path_of(const std::vector<std::string>& environment) {
  for (const std::string& entry : environment) {
    if (entry.starts_with("PATH=")) return entry.substr(5);
  }
  return "/bin:/usr/bin:/usr/local/bin";
}

}  // namespace

void HealthCheck::begin(TimePoint now, SpawnPlan surroundings) {
  end();
  surroundings_ = std::move(surroundings);
  running_ = true;
  reason_ = "not checked yet";
  verdict_ = Verdict::kNothing;
  state_.begin(now);
}

void HealthCheck::end() {
  running_ = false;
  if (pid_ == 0) return;
  kill();
  world_.children->forget(pid_);
  world_.leftovers->add(pid_, TimePoint::max());
  pid_ = 0;
  output_ = os::UniqueFd();
}

void HealthCheck::kill() const {
  if (::kill(-pid_, SIGKILL) != 0) ::kill(pid_, SIGKILL);
}

Verdict HealthCheck::tick(TimePoint now) {
  if (running_ && pid_ == 0 && now >= state_.due()) check(now);
  if (pid_ != 0 && !too_late_ && now >= timeout_) {
    too_late_ = true;
    kill();
  }
  return std::exchange(verdict_, Verdict::kNothing);
}

TimePoint HealthCheck::deadline() const {
  if (verdict_ != Verdict::kNothing) return TimePoint::min();
  if (pid_ != 0) return too_late_ ? TimePoint::max() : timeout_;
  return running_ ? state_.due() : TimePoint::max();
}

void HealthCheck::check(TimePoint now) {
  SpawnPlan plan = surroundings_;
  std::string problem;
  if (!rules_.command.empty()) {
    auto found = find_executable(rules_.command, search_path_of(plan.environment));
    if (found) {
      plan.executable = std::move(*found);
    } else {
      problem = found.error().text;
    }
  } else {
    plan.body = [url = rules_.url] {
      const std::string why = probe_url(url);
      os::write_all(1, why.data(), why.size());
      return why.empty() ? 0 : 1;
    };
  }
  int ends[2] = {-1, -1};
  const os::UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (problem.empty() && ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) problem = "no pipe could be made";
  output_ = os::UniqueFd(ends[0]);
  const os::UniqueFd theirs(ends[1]);
  plan.input = null.get();
  plan.output = plan.errors = theirs.get();
  const auto pid = problem.empty() ? spawn(plan) : Result<pid_t>(fail(Error(problem)));
  if (!pid) {
    reason_ = pid.error().text();
    verdict_ = state_.checked(now, false);
    return;
  }
  pid_ = *pid;
  too_late_ = false;
  timeout_ = now + std::chrono::seconds(rules_.timeout);
  world_.children->add(pid_, [this](int status) { ended(status); });
}

void HealthCheck::ended(int wait_status) {
  // What the check has started ends with it.
  kill();
  world_.leftovers->add(pid_, TimePoint::max());
  pid_ = 0;
  const bool good = wait_status == 0;
  std::string said = first_line(output_.get());
  output_ = os::UniqueFd();
  if (too_late_) said = fmt::format("no answer within {} s", rules_.timeout);
  reason_ = good ? "" : said.empty() ? describe_wait_status(wait_status) : said;
  verdict_ = state_.checked(time_now(), good);
}

}  // namespace tierce::supervisord
