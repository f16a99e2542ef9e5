// What `tierce explain` shows: every value that holds, and where it comes from.
#pragma once

#include <string>
#include <vector>

#include "check/chain.h"

namespace tierce::check {

struct Row {
  std::string scope;  // "server 0.0.0.0:8000 > location /"; "" where there is one.
  std::string name;
  std::string value;
  std::string source;  // "nginx.conf:12", "default", "command line"
};

struct Table {
  std::string role;  // "nginx", "uwsgi", "gunicorn", "supervisord", "fused"
  std::string name;  // Of the program, or of the file.
  std::vector<Row> rows;
};

// A table for each role, and one of what is passed where: by shared memory or by the socket.
std::vector<Table> explain(const Chain& chain);

std::string text_of(const std::vector<Table>& tables);
std::string json_of(const std::vector<Table>& tables);

}  // namespace tierce::check
