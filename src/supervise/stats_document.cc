#include "supervise/stats_document.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace tierce::supervise {
namespace {

using Json = nlohmann::ordered_json;  // uWSGI's order of keys is part of its shape for those who look at it.

// Of what tierce has no counterpart for, the number is 0 as in a uWSGI that does not use it.
Json thread_json(std::size_t id, const ThreadStats& thread) {
  return {{"id", id},
          {"requests", thread.requests},
          {"static_requests", 0},
          {"routed_requests", 0},
          {"offloaded_requests", 0},
          {"write_errors", 0},
          {"read_errors", 0},
          {"in_request", thread.in_request ? 1 : 0},
          {"vars", Json::array()},
          {"req_info", Json::object()}};
}

const char* status_of(const WorkerStats& worker, bool paused) {
  if (paused) return "pause";
  if (worker.pid == 0) return "cheap";
  const bool busy =
      std::any_of(worker.threads.begin(), worker.threads.end(), [](const auto& t) { return t.in_request; });
  return busy ? "busy" : "idle";
}

Json worker_json(const WorkerStats& worker, const Stats& stats, const StatsForm& form) {
  constexpr std::uint64_t kMicro = 1000;
  Json json = {{"id", worker.id},
               {"pid", worker.pid},
               {"accepting", worker.accepting ? 1 : 0},
               {"requests", worker.totals.requests},
               {"delta_requests", worker.of_this_life.requests},
               {"exceptions", worker.totals.exceptions},
               {"harakiri_count", worker.timed_out},
               {"signals", 0},
               {"signal_queue", 0},
               {"status", status_of(worker, stats.paused)},
               {"rss", worker.rss_bytes},
               {"vsz", worker.vsz_bytes},
               {"running_time", worker.totals.running_ns / kMicro},
               {"last_spawn", worker.last_spawn},
               {"respawn_count", worker.spawned},
               {"tx", worker.totals.bytes_sent},
               {"avg_rt", worker.average_ns / kMicro},
               {"apps", Json::array()}};
  if (worker.pid != 0) {
    json["apps"].push_back(Json{{"id", 0},
                                {"modifier1", 0},
                                {"mountpoint", ""},
                                {"startup_time", 0},
                                {"requests", worker.of_this_life.requests},
                                {"exceptions", worker.of_this_life.exceptions},
                                {"chdir", stats.chdir}});
  }
  if (form.without_threads) return json;
  json["cores"] = Json::array();
  for (std::size_t i = 0; i < worker.threads.size(); ++i) json["cores"].push_back(thread_json(i, worker.threads[i]));
  return json;
}

Json socket_json(const SocketStats& socket) {
  return {{"name", socket.name}, {"proto", socket.protocol}, {"queue", socket.queue}, {"max_queue", socket.queue_max},
          {"shared", 0},         {"can_offload", 0}};
}

Json cron_json(const CronStats& cron) {
  const config::CronRule& rule = cron.job.rule;
  return {{"minute", rule.minute},
          {"hour", rule.hour},
          {"day", rule.day},
          {"month", rule.month},
          {"week", rule.weekday},
          {"command", cron.job.command},
          {"unique", cron.job.unique ? 1 : 0},
          {"legion", ""},
          {"pid", cron.pid},
          {"started_at", cron.started}};
}

}  // namespace

std::string stats_text(const Stats& stats, const StatsForm& form) {
  std::uint32_t queued = 0;
  for (const SocketStats& socket : stats.sockets) queued += socket.queue;
  Json json = {{"version", stats.version}, {"listen_queue", queued}, {"listen_queue_errors", 0},
               {"signal_queue", 0},        {"load", queued},         {"pid", stats.pid},
               {"uid", stats.uid},         {"gid", stats.gid},       {"cwd", stats.cwd}};
  if (!stats.daemons.empty()) json["daemons"] = Json::array();
  for (const DaemonStats& daemon : stats.daemons) {
    json["daemons"].push_back(Json{{"cmd", daemon.command}, {"pid", daemon.pid}, {"respawns", daemon.respawns}});
  }
  json["locks"] = Json::array();
  json["sockets"] = Json::array();
  for (const SocketStats& socket : stats.sockets) json["sockets"].push_back(socket_json(socket));
  json["workers"] = Json::array();
  for (const WorkerStats& worker : stats.workers) json["workers"].push_back(worker_json(worker, stats, form));
  if (!stats.crons.empty()) json["crons"] = Json::array();
  for (const CronStats& cron : stats.crons) json["crons"].push_back(cron_json(cron));
  // Paths and commands are bytes; what is no UTF-8 among them must not cost the whole document.
  return json.dump(form.minified ? -1 : 1, '\t', false, Json::error_handler_t::replace) + (form.minified ? "" : "\n");
}

MemoryUse memory_use(pid_t pid) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/statm", static_cast<int>(pid));
  std::FILE* file = std::fopen(path, "re");
  if (file == nullptr) return {};
  unsigned long long size = 0, resident = 0;
  const int read = std::fscanf(file, "%llu %llu", &size, &resident);
  std::fclose(file);
  if (read != 2) return {};
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return {resident * page, size * page};
}

}  // namespace tierce::supervise
