// Has the user's Python read a Gunicorn configuration (wsgi/python/gunicorn_conf.py) before anything is
// started: a gunicorn.conf.py is a program of that interpreter.
#pragma once

#include <string>

#include "base/result.h"
#include "config/run_settings.h"

namespace tierce::supervise {

struct GunicornReading {
  int exit_code = 0;    // Not 0: it has said what is wrong.
  std::string outcome;  // For config::GunicornValues.
};

// Output and errors of the configuration go to ours; --print-config is answered by the reader.
Result<GunicornReading> read_gunicorn(const config::GunicornSource& source, const std::string& python);

}  // namespace tierce::supervise
