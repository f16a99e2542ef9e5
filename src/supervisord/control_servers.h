// The HTTP servers through which supervisorctl, scripts and people control us: XML-RPC at /RPC2, logs that are
// followed at /logtail and /mainlogtail, the page at /.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "config/supervisord/settings.h"
#include "os/callback_loop.h"
#include "os/listen_socket.h"
#include "supervisord/server.h"

namespace tierce::supervisord {

class ControlConnection;

class ControlServers {
 public:
  explicit ControlServers(Server& server);
  ~ControlServers();

  Result<void> open(const std::vector<conf::HttpServerSettings>& settings);
  // "unix:///run/supervisor.sock", "http://localhost:9001", "" for none.
  std::string first_url() const;
  void serve(os::CallbackLoop& loop);
  // Answers what was waited for, sends what logs have grown by, drops the idle. Once a turn.
  void tick();
  TimePoint deadline() const;

 private:
  struct Listener {
    conf::HttpServerSettings settings;
    os::ListenSocket socket;
  };
  void accept(Listener& listener);

  Server& server_;
  os::CallbackLoop* loop_ = nullptr;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::list<std::unique_ptr<ControlConnection>> connections_;
};

}  // namespace tierce::supervisord
