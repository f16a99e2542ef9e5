// nginx's master: reads the configuration, opens sockets and logs, starts the process that serves and does what
// signals say. TERM and INT stop at once, QUIT when requests have ended, HUP takes a new configuration, USR1 opens logs
// anew, USR2 starts another binary beside this one, WINCH ends the serving alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/nginx/model.h"

namespace tierce::nginx {

struct MasterStart {
  std::string prefix;  // With its slash at the end.
  std::string configuration;
  std::string globals;  // Of -g.
  // Of the configuration: certificates, keys and files of passwords are there, unlike all others.
  std::string folder() const { return configuration.substr(0, configuration.rfind('/')); }
  std::string error_log = "/var/log/nginx/error.log", access_log = "/var/log/nginx/access.log";
  std::string pid_file = "/run/nginx.pid";  // Where the configuration names none.
  std::vector<std::string> arguments;       // For a new binary.
};

// What nginx -t looks at beside the text. Both fail with its words, before and after it says that the syntax is ok.
// Certificates and keys can be read and used.
Result<void> try_keys(const MasterStart& start, const config::nginx::Model& model);
// The logs, the pid file and the addresses can be opened; addresses in use may be those of the server that runs.
Result<void> try_to_open(const MasterStart& start, const config::nginx::Model& model);

// The exit status.
int run_master(MasterStart start);

// -s: stop, quit, reopen, reload. Fails with nginx's words.
int send_signal(const MasterStart& start, const std::string& name);

}  // namespace tierce::nginx
