// The effective options as what the server is told. Starts from uWSGI's defaults, which are not those of
// `tierce run`: one process, no time limit, no limit of the body.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/run_settings.h"
#include "config/uwsgi/assignment.h"
#include "config/uwsgi/reader.h"

namespace tierce::config::uwsgi {

// What is being put together while the options are applied, one after the other.
struct Applying {
  RunSettings settings;
  std::vector<Finding> findings;
  // Several options make one setting; finish() joins them.
  struct Bind {
    std::string protocol;  // "": that of `protocol`.
    std::string endpoint;
  };
  std::vector<Bind> binds;
  std::string socket_protocol = "uwsgi";
  std::vector<StaticMap> static_checks, static_maps, static_maps_whole;  // uWSGI tries them in this order.
  std::optional<Assignment> module;                                      // As they were written last.
  std::optional<Assignment> file;
  std::string callable;
  std::string home;
  std::string log_to;
  std::string request_log;
  std::string log_date;
  bool formats_time = false;
  std::vector<std::string> log_encoders, request_encoders;
  bool mercy_given = false;
  struct Names {
    bool given = false;
    std::string all;
    std::string master;
    std::string before;
    std::string after;
  } names;
  std::optional<Assignment> async, loop;  // Together they are another name of `gevent`.
  bool daemons_keep_stdin = false;
  std::uint32_t cron_harakiri = 0;
  std::vector<Finding> not_done;  // Not supported in this very use: an error under strict.
  void note(const Assignment& line, std::string text);
};

struct Applied {
  RunSettings settings;
  std::vector<Finding> findings;   // The reader's among them.
  std::optional<Assignment> file;  // What has named the application's file.
};

// What ps is to show, out of options_identity.cc.
void name_processes(const Applying::Names& names, RunSettings& settings);
// `async` and `loop`, out of options_processes.cc.
void join_loop(Applying& a);
// What cannot be together in options_processes.cc.
Result<void> check_processes(const RunSettings& settings);
// What the options of options_around.cc say about each other.
void finish_around(Applying& a);

// Fails under `strict` for what is unknown or not supported, and where no server could come of it.
Result<Applied> apply(const Reading& reading);

// Goes on behind errors, which are added to `errors`: an option that is refused is left out.
Applied apply_as_far_as_possible(const Reading& reading, std::vector<Finding>& errors);

}  // namespace tierce::config::uwsgi
