// Answers whoever connects with one document and closes. Lives in the supervisor's loop and waits for nobody:
// what a slow reader does not take is kept for it, for a while.
#pragma once

#include <functional>
#include <list>
#include <string>

#include "base/result.h"
#include "os/listen_socket.h"
#include "supervise/sources.h"

namespace tierce::supervise {

class StatsServer {
 public:
  // A unix socket is given to the user. `http`: an HTTP response around the document.
  static Result<StatsServer> open(const std::string& endpoint, bool http);
  StatsServer() = default;

  const os::ListenSocket& socket() const { return socket_; }
  // `document` is called for each client, when the whole of it is due.
  void add_sources(Sources& sources, const std::function<std::string()>& document);
  // When the patience with some client ends.
  TimePoint next_deadline() const;
  void drop_slow(TimePoint now);

 private:
  struct Client {
    os::UniqueFd fd;
    std::string text;  // What is left to send.
    bool asked = true;
    bool ended = false;  // It has closed its direction: nothing more to read.
    bool shut = false;   // We have closed ours.
    bool done = false;
    TimePoint deadline{};
  };
  void accept(const std::function<std::string()>& document);
  void serve(Client& client, const std::function<std::string()>& document);
  static void end(Client& client);
  void begin(Client& client, const std::function<std::string()>& document) const;

  os::ListenSocket socket_;
  bool http_ = false;
  std::list<Client> clients_;
};

}  // namespace tierce::supervise
