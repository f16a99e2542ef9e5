// Starting the user's Python with our extension (gateway/worker_options.h says what it is told).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/run_settings.h"
#include "os/listen_socket.h"
#include "os/message_channel.h"
#include "os/user_identity.h"
#include "supervise/app_resources.h"

namespace tierce::supervise {

struct ZygoteProcess {
  pid_t pid = 0;
  bool reaped = false;  // The number may be another process's.
  os::MessageChannel control;
  os::UniqueFd watch_list;  // --reload: where the zygote writes the files it has imported.
};

// --python, else $VIRTUAL_ENV/bin/python, else that of the virtual environment that this program lies in, else python3
// or python on PATH.
Result<std::string> find_python(const std::string& wanted);
// Directory that holds the package tierce_wsgi: $TIERCE_LIB, lib beside the program, or ../lib/tierce; of a copy the
// same beside the tierce that it is a copy of.
Result<std::string> find_library();

struct Interpreter {
  std::string path;
  std::string name = path;     // argv[0]
  std::uint32_t optimize = 0;  // 1: -O, 2: -OO
};
// In a forked child: becomes the interpreter that runs `program` with the library's directory and the
// descriptor of its options as arguments.
[[noreturn]] void load_python(const Interpreter& python, const std::string& library, const char* program,
                              const std::string& options);

struct ZygotePlan {
  std::string python;
  std::string library;
  os::Identity identity;
  int error_log;
  AppResources* app = nullptr;          // Under `tierce uwsgi`.
  std::function<bool()> before_python;  // Runs in the child, as the user; false ends it.
};
// Generation and workers wanted are told to a Gunicorn configuration.
Result<ZygoteProcess> start_zygote(const config::RunSettings& settings, const ZygotePlan& plan,
                                   const std::vector<os::ListenSocket>& listeners, std::uint32_t generation,
                                   std::uint32_t workers);

}  // namespace tierce::supervise
