// `resolver`: names that are looked up while requests wait, at the name servers that the configuration names, with
// answers that are kept for as long as they say, or as `valid=` says. Through c-ares, as a part of one thread's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/nginx/setting_types.h"
#include "nginx/loop.h"
#include "nginx/name_resolver.h"

struct ares_channeldata;

namespace tierce::nginx {

class DnsResolver {
 public:
  // `words` as behind the directive: servers, valid=, ipv4=, ipv6=, status_zone=. Fails when no server can be used.
  static Result<std::unique_ptr<DnsResolver>> create(Loop& loop, const std::vector<std::string>& words);
  ~DnsResolver();
  DnsResolver(const DnsResolver&) = delete;
  DnsResolver& operator=(const DnsResolver&) = delete;

  // What came of it: addresses, or none and why, in nginx's words: "3: Host not found".
  struct Answer {
    std::vector<PeerAddress> addresses;
    std::string trouble;
  };
  using Told = std::function<void(const Answer&)>;
  // Tells at once when the answer is known, else when it has come; at the latest after `patience`. Ports are 0 in the
  // addresses. The number takes the question back (forget()); 0 when it was told at once.
  std::uint64_t look_up(const std::string& name, std::chrono::milliseconds patience, Told told);
  void forget(std::uint64_t question);

 private:
  class SocketWatcher;
  explicit DnsResolver(Loop& loop);
  struct Entry {
    Answer answer;
    std::uint64_t until_ms = 0;  // 0: not known.
    bool asked = false;
    std::uint64_t used = 0;  // For who is forgotten first.
    std::map<std::uint64_t, Told> waiting;
  };
  struct Patience {
    DnsResolver* of;
    std::string name;
    std::uint64_t question;
    Timer timer;
  };
  // What c-ares is given back with an answer.
  struct Question {
    DnsResolver* of;
    std::string name;
  };
  void ask(const std::string& name);
  void answered(const std::string& name, int status, void* addresses);
  void socket_changed(int fd, bool reads, bool writes);
  void process(int fd);
  void keep_going();
  void settle(const std::string& name);
  void forget_oldest();

  Loop& loop_;
  ares_channeldata* channel_ = nullptr;
  bool closing_ = false;
  int family_;
  std::uint64_t valid_ms_ = 0;  // 0: as the answer says.
  std::map<std::string, Entry> entries_;
  std::map<std::uint64_t, std::unique_ptr<Patience>> patience_;
  std::uint64_t last_question_ = 0;
  std::uint64_t uses_ = 0;
  std::map<int, std::unique_ptr<SocketWatcher>> sockets_;
  Timer again_;  // c-ares has time-outs of its own, for tries.
  std::size_t pending_ = 0;
};

}  // namespace tierce::nginx
