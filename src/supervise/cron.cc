#include "supervise/cron.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

namespace tierce::supervise {
namespace {

using os::LogLevel;
using namespace std::chrono_literals;

constexpr std::time_t kMinute = 60;

bool matches(int wanted, int is) { return wanted < 0 ? is % -wanted == 0 : wanted == is; }

}  // namespace

bool due(const config::CronRule& rule, const std::tm& now) {
  if (!matches(rule.minute, now.tm_min) || !matches(rule.hour, now.tm_hour) || !matches(rule.month, now.tm_mon + 1))
    return false;
  const bool day = matches(rule.day, now.tm_mday);
  const bool weekday = matches(rule.weekday == 7 ? 0 : rule.weekday, now.tm_wday);
  return rule.day >= 0 && rule.weekday >= 0 ? day || weekday : day && weekday;
}

CronJobs::CronJobs(const std::vector<config::CronSettings>& settings) {
  for (const config::CronSettings& each : settings) jobs_.push_back({.settings = each});
}

void CronJobs::tick(const CommandHome& home, std::time_t wall, TimePoint now) {
  for (Run& run : runs_) {
    if (now < run.deadline) continue;
    home.log->line(LogLevel::kWarning, fmt::format("cron \"{}\" (pid {}) is over its time: killed",
                                                   jobs_[run.job].settings.command, run.pid));
    ::kill(-run.pid, SIGKILL);
    run.deadline = TimePoint::max();
  }
  if (!launching_ || wall / kMinute == minute_) return;
  minute_ = wall / kMinute;
  std::tm local{};
  ::localtime_r(&wall, &local);
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (!due(jobs_[i].settings.rule, local)) continue;
    if (jobs_[i].settings.unique && jobs_[i].pid > 0) continue;
    launch(home, i, wall, now);
  }
}

void CronJobs::launch(const CommandHome& home, std::size_t index, std::time_t wall, TimePoint now) {
  Job& job = jobs_[index];
  os::ChildPlan plan;
  plan.command = job.settings.command;
  plan.identity = home.identity;
  plan.output = home.output;
  plan.keeper = home.keeper->fd();
  auto pid = os::start_child(plan);
  if (!pid) {
    home.log->line(LogLevel::kError, fmt::format("cron \"{}\": {}", job.settings.command, pid.error().text()));
    return;
  }
  job.pid = *pid;
  job.started = wall;
  const auto limit = std::chrono::seconds(job.settings.harakiri);
  runs_.push_back({*pid, index, limit > 0s ? now + limit : TimePoint::max()});
  home.log->line(LogLevel::kInfo, fmt::format("cron \"{}\": started (pid {})", job.settings.command, *pid));
}

bool CronJobs::ended(const CommandHome& home, pid_t pid, int status) {
  const auto run = std::find_if(runs_.begin(), runs_.end(), [pid](const Run& each) { return each.pid == pid; });
  if (run == runs_.end()) return false;
  Job& job = jobs_[run->job];
  // What it has put into the background goes on as long as we do.
  if (::kill(-pid, 0) != 0) home.keeper->forget(pid);
  if (job.pid == pid) job.pid = -1;
  runs_.erase(run);
  home.log->line(status == 0 ? LogLevel::kInfo : LogLevel::kWarning,
                 fmt::format("cron \"{}\" (pid {}) {}", job.settings.command, pid, describe_wait_status(status)));
  return true;
}

void CronJobs::stop(const CommandHome& home, TimePoint now, std::chrono::seconds mercy) {
  launching_ = false;
  for (Run& run : runs_) {
    home.log->line(LogLevel::kInfo,
                   fmt::format("cron \"{}\": stopping (pid {})", jobs_[run.job].settings.command, run.pid));
    ::kill(-run.pid, SIGTERM);
    run.deadline = std::min(run.deadline, now + mercy);
  }
}

TimePoint CronJobs::next_deadline(std::time_t wall, TimePoint now) const {
  TimePoint next = TimePoint::max();
  for (const Run& run : runs_) next = std::min(next, run.deadline);
  if (!launching_ || jobs_.empty()) return next;
  return std::min<TimePoint>(next, now + std::chrono::seconds(minute_ < 0 ? 0 : kMinute - wall % kMinute));
}

std::vector<CronStats> CronJobs::stats() const {
  std::vector<CronStats> all;
  for (const Job& job : jobs_) all.push_back({job.settings, job.pid, job.started});
  return all;
}

}  // namespace tierce::supervise
