// Commands at times of the day. When one is due is a pure function; CronJobs starts and ends them.
#pragma once

#include <ctime>
#include <vector>

#include "config/around_settings.h"
#include "supervise/daemons.h"

namespace tierce::supervise {

// In the minute of `now` (local time, as localtime_r fills it). As in cron, a day of the month and a weekday
// that are both numbers are joined by "or".
bool due(const config::CronRule& rule, const std::tm& now);

class CronJobs {
 public:
  CronJobs() = default;
  explicit CronJobs(const std::vector<config::CronSettings>& settings);

  bool empty() const { return jobs_.empty(); }
  // Nothing is due before and after.
  void begin() { launching_ = true; }
  void begin_nothing_more() { launching_ = false; }
  // Starts what is due; to be called at least once a minute. A minute is looked at once.
  void tick(const CommandHome& home, std::time_t wall, TimePoint now);
  // True when the process was a job's.
  bool ended(const CommandHome& home, pid_t pid, int status);
  // What runs is asked to end.
  void stop(const CommandHome& home, TimePoint now, std::chrono::seconds mercy);
  bool stopped() const { return runs_.empty(); }
  // Of a job's time limit, or of the next minute.
  TimePoint next_deadline(std::time_t wall, TimePoint now) const;
  std::vector<CronStats> stats() const;

 private:
  struct Job {
    config::CronSettings settings;
    pid_t pid = -1;  // The latest that runs.
    std::time_t started = 0;
  };
  struct Run {
    pid_t pid;
    std::size_t job;
    TimePoint deadline;
  };
  void launch(const CommandHome& home, std::size_t index, std::time_t wall, TimePoint now);

  std::vector<Job> jobs_;
  std::vector<Run> runs_;
  std::time_t minute_ = -1;  // The last that was looked at.
  bool launching_ = false;
};

}  // namespace tierce::supervise
