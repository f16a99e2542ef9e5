// The options that say how many workers there are and what each may take.
#include <fmt/format.h>

#include <array>

#include "config/uwsgi/apply.h"
#include "config/uwsgi/option.h"
#include "config/uwsgi/option_arguments.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;

// --- cheaper ---

constexpr std::uint32_t kWorkersMost = 1024;

Done cheaper(Applying& a, const Assignment& line) {
  a.settings.cheaper.least = small_number(a, line, 0, kWorkersMost);
  return {};
}
Done cheaper_initial(Applying& a, const Assignment& line) {
  a.settings.cheaper.initial = small_number(a, line, 0, kWorkersMost);
  return {};
}
Done cheaper_step(Applying& a, const Assignment& line) {
  a.settings.cheaper.step = small_number(a, line, 1, kWorkersMost);
  return {};
}
Done cheaper_algorithm(Applying& a, const Assignment& line) {
  using Named = std::pair<string_view, CheaperAlgorithm>;
  constexpr std::array kNames = {Named{"spare", CheaperAlgorithm::kSpare}, Named{"backlog", CheaperAlgorithm::kBacklog},
                                 Named{"busyness", CheaperAlgorithm::kBusyness},
                                 Named{"manual", CheaperAlgorithm::kManual}};
  for (const auto& [name, algorithm] : kNames) {
    if (name != text_of(line)) continue;
    a.settings.cheaper.algorithm = algorithm;
    return {};
  }
  a.not_done.push_back({line.source, fmt::format("{}: there is no '{}': spare is used; spare, backlog, busyness and "
                                                 "manual are known",
                                                 line.name, text_of(line))});
  return {};
}
Done cheaper_overload(Applying& a, const Assignment& line) {
  a.settings.cheaper.overload = small_number(a, line, 0, kMany);
  return {};
}
Done cheaper_rss_soft(Applying& a, const Assignment& line) {
  a.settings.cheaper.rss_soft_bytes = number(a, line, 0, std::uint64_t{1} << 50);
  return {};
}
Done cheaper_rss_hard(Applying& a, const Assignment& line) {
  a.settings.cheaper.rss_hard_bytes = number(a, line, 0, std::uint64_t{1} << 50);
  return {};
}
// 0 is uWSGI's default, as there.
template <std::uint32_t CheaperSettings::Busyness::*kMember>
Done busyness(Applying& a, const Assignment& line) {
  if (const std::uint32_t given = small_number(a, line, 0, kMany); given != 0)
    a.settings.cheaper.busyness.*kMember = given;
  return {};
}
Done busyness_verbose(Applying& a, const Assignment& line) {
  a.settings.cheaper.busyness.verbose = flag(a, line);
  return {};
}
Done cheap(Applying& a, const Assignment& line) {
  a.settings.cheap = flag(a, line);
  return {};
}

// --- what each may take ---

// MiB.
template <std::uint64_t RunSettings::*kMember>
Done mebibytes(Applying& a, const Assignment& line) {
  a.settings.*kMember = number(a, line, 0, kMany) << 20;
  return {};
}
Done descriptors(Applying& a, const Assignment& line) {
  a.settings.descriptors_limit = number(a, line, 0, kMany);
  return {};
}
// Alone it is one processor.
Done processors(Applying& a, const Assignment& line) {
  a.settings.uwsgi->cpus = text_of(line).empty() ? 1 : small_number(a, line, 0, 1024);
  return {};
}
Done reaper(Applying& a, const Assignment& line) {
  a.settings.uwsgi->reaper = flag(a, line);
  return {};
}
Done least_lifetime(Applying& a, const Assignment& line) {
  a.settings.uwsgi->least_lifetime = small_number(a, line, 0, kMany);
  return {};
}
Done hang_grace(Applying& a, const Assignment& line) {
  a.settings.hang_grace = std::chrono::duration_cast<std::chrono::seconds>(seconds(a, line));
  return {};
}
Done hang_signal(Applying& a, const Assignment& line) {
  a.settings.hang_signal = static_cast<int>(number(a, line, 1, 64));
  return {};
}

// --- gevent ---

Done gevent(Applying& a, const Assignment& line) {
  a.settings.greenlets = small_number(a, line, 1, kGreenletsMax);
  a.settings.in_greenlets = true;
  return {};
}
Done async(Applying& a, const Assignment& line) {
  a.settings.greenlets = small_number(a, line, 1, kGreenletsMax);
  a.async = line;
  return {};
}
Done loop(Applying& a, const Assignment& line) {
  a.loop = line;
  return {};
}
Done gevent_monkey_patch(Applying& a, const Assignment& line) {
  a.settings.monkey_patch = a.settings.monkey_patch || flag(a, line);
  return {};
}

using Busyness = CheaperSettings::Busyness;

constexpr std::array kRows = {
    honoured("cheaper", Argument::kValue, cheaper, "Between this many workers and `processes`, as they are needed."),
    honoured("cheaper-initial", Argument::kValue, cheaper_initial, "So many workers at the start; else `cheaper`."),
    honoured("cheaper-step", Argument::kValue, cheaper_step, "So many workers more at once."),
    honoured("cheaper-algo", Argument::kValue, cheaper_algorithm,
             "spare: one worker shall be free; backlog: no request shall wait; busyness: workers shall be busy for a "
             "share of their time; manual: the master fifo says."),
    honoured("cheaper-overload", Argument::kValue, cheaper_overload,
             "spare: seconds that all are busy; backlog: requests that wait; busyness: seconds of a cycle."),
    honoured("cheaper-rss-limit-soft", Argument::kValue, cheaper_rss_soft,
             "No more workers when all together have this many bytes of resident memory."),
    honoured("cheaper-rss-limit-hard", Argument::kValue, cheaper_rss_hard, "One worker less with this many."),
    honoured("cheaper-busyness-max", Argument::kValue, busyness<&Busyness::most_percent>,
             "Per cent of the time; busier workers get company."),
    honoured("cheaper-busyness-min", Argument::kValue, busyness<&Busyness::least_percent>,
             "Per cent of the time; with less a worker goes."),
    honoured("cheaper-busyness-multiplier", Argument::kValue, busyness<&Busyness::multiplier>,
             "Idle cycles before a worker goes."),
    honoured("cheaper-busyness-penalty", Argument::kValue, busyness<&Busyness::penalty>,
             "Added to the multiplier when a worker had gone too early."),
    honoured("cheaper-busyness-verbose", Argument::kFlag, busyness_verbose, "Log what is measured."),
    honoured("cheaper-busyness-backlog-alert", Argument::kValue, busyness<&Busyness::backlog_alert>,
             "More waiting requests than this get workers at once."),
    honoured("cheaper-busyness-backlog-multiplier", Argument::kValue, busyness<&Busyness::backlog_multiplier>,
             "Idle cycles before such a worker goes."),
    honoured("cheaper-busyness-backlog-step", Argument::kValue, busyness<&Busyness::backlog_step>,
             "So many such workers at once."),
    honoured("cheaper-busyness-backlog-nonzero", Argument::kValue, busyness<&Busyness::backlog_nonzero_seconds>,
             "Seconds that requests may wait, however few, before there is one more."),
    honoured("cpu-affinity", Argument::kValue, processors,
             "Each worker stays on so many processors, the next ones for the next worker."),
    honoured("evil-reload-on-rss", Argument::kValue, mebibytes<&RunSettings::worker_rss_evil>,
             "A worker with this many MiB of resident memory is killed at once."),
    honoured("evil-reload-on-as", Argument::kValue, mebibytes<&RunSettings::worker_as_evil>,
             "A worker with this many MiB of address space is killed at once."),
    honoured("async", Argument::kValue, async, "So many requests run at once in each worker; with loop = gevent."),
    honoured("loop", Argument::kValue, loop, "gevent: as the option gevent, with the number of `async`."),
    honoured("gevent", Argument::kValue, gevent,
             "So many requests run at once in each worker, in greenlets of the gevent that the application's Python "
             "has."),
    honoured("gevent-monkey-patch", Argument::kFlag, gevent_monkey_patch,
             "gevent patches the standard library, before the application is imported."),
    honoured("gevent-early-monkey-patch", Argument::kFlag, gevent_monkey_patch,
             "gevent patches the standard library, before the application is imported."),
    honoured("limit-as", Argument::kValue, mebibytes<&RunSettings::as_limit>,
             "MiB of address space that each Python process may have."),
    honoured("max-fd", Argument::kValue, descriptors, "Descriptors that each process may have; more needs root."),
    honoured("min-worker-lifetime", Argument::kValue, least_lifetime,
             "Seconds before max-requests and the limits of memory replace a worker; none unless given."),
    honoured("harakiri-graceful-timeout", Argument::kValue, hang_grace,
             "Seconds that a worker whose request is over its time gets, after a signal, before it is killed."),
    honoured("harakiri-graceful-signal", Argument::kValue, hang_signal, "That signal; else TERM."),
    honoured("reaper", Argument::kFlag, reaper, "Workers wait for children of the application after each request.",
             'r'),
    honoured("cheap", Argument::kFlag, cheap, "Workers are forked when the first request has come."),
};

}  // namespace

Family process_options() { return {kRows, {}}; }

void join_loop(Applying& a) {
  if (a.loop && text_of(*a.loop) == "gevent" && a.async) a.settings.in_greenlets = true;
  if (a.settings.in_greenlets) return;
  constexpr string_view kNothingElse = "requests run in processes, threads and greenlets of gevent (gevent = N)";
  for (const auto* line : {&a.async, &a.loop}) {
    if (*line) a.not_done.push_back({(*line)->source, fmt::format("{}: {}", (*line)->name, kNothingElse)});
  }
}

Result<void> check_processes(const RunSettings& s) {
  const CheaperSettings& cheaper = s.cheaper;
  if (cheaper.least == 0) return {};
  if (cheaper.least >= s.workers)
    return fail(
        Error(fmt::format("cheaper = {}: must be lower than processes, which is {}", cheaper.least, s.workers)));
  if (cheaper.initial != 0 && (cheaper.initial < cheaper.least || cheaper.initial > s.workers)) {
    return fail(
        Error(fmt::format("cheaper-initial = {}: must be between cheaper, which is {}, and processes, which is {}",
                          cheaper.initial, cheaper.least, s.workers)));
  }
  return {};
}

}  // namespace tierce::config::uwsgi
