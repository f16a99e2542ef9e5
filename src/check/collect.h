// From the files that somebody names to the chain that they make.
#pragma once

#include <string>
#include <vector>

#include "check/chain.h"

namespace tierce::check {

struct CollectOptions {
  std::string python;  // That reads gunicorn.conf.py; "": as `tierce gunicorn` finds it.
};

// Files of any of the languages, directories, Dockerfiles. A supervisor brings the files of its programs, a Dockerfile
// those that it copies. What cannot be read is among the findings of the chain.
Chain collect(const std::vector<std::string>& paths, const CollectOptions& options = {});

}  // namespace tierce::check
