#include "nginx/dns_resolver.h"

#include <ares.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "config/nginx/address.h"
#include "config/nginx/values.h"

namespace tierce::nginx {

namespace conf = config::nginx;

namespace {

constexpr std::uint64_t kAgainNs = 50'000'000;
constexpr int kTryMs = 5000;
constexpr int kTries = 3;
// Names come from requests: those that are remembered are bounded.
constexpr std::size_t kNamesMost = 1000;

Result<void> start_library() {
  static const int started = ::ares_library_init(ARES_LIB_INIT_ALL);
  if (started == ARES_SUCCESS) return {};
  return fail(Error(fmt::format("c-ares: {}", ::ares_strerror(started))));
}

// nginx's names of what DNS answers (RFC 1035 4.1.1).
std::string describe(int status) {
  switch (status) {
    case ARES_EFORMERR:
    case ARES_EBADNAME:
    case ARES_EBADQUERY:
      return "1: Format error";
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_ENONAME:
      return "3: Host not found";
    case ARES_ENOTIMP:
      return "4: Unimplemented";
    case ARES_EREFUSED:
      return "5: Operation refused";
    case ARES_ETIMEOUT:
    case ARES_ECONNREFUSED:
      return "110: Operation timed out";
    default:
      return "2: Server failure";
  }
}

}  // namespace

class DnsResolver::SocketWatcher final : public Watcher {
 public:
  SocketWatcher(DnsResolver& of, int fd) : of_(of), fd_(fd) {}
  void on_poll(std::uint32_t) override { of_.process(fd_); }

 private:
  DnsResolver& of_;
  int fd_;
};

Result<std::unique_ptr<DnsResolver>> DnsResolver::create(Loop& loop, const std::vector<std::string>& words) {
  if (auto started = start_library(); !started) return fail(std::move(started).error());
  std::unique_ptr<DnsResolver> made(new DnsResolver(loop));
  std::string servers;
  bool v4 = true, v6 = true;
  for (const std::string& word : words) {
    if (word.starts_with("valid=")) {
      made->valid_ms_ = static_cast<std::uint64_t>(conf::parse_time(word.substr(6), false).value_or(0)) * 1000;
    } else if (word == "ipv6=off") {
      v6 = false;
    } else if (word == "ipv4=off") {
      v4 = false;
    } else if (word.find('=') == std::string::npos) {
      auto address = conf::parse_upstream_address(word, 53);
      if (!address) continue;
      // A name server may be named; who it is, is asked once, here.
      for (const PeerAddress& each : NameResolver::known(address->host, address->port)) {
        if (!servers.empty()) servers += ',';
        servers += each.text;
      }
    }
  }
  made->family_ = v4 && v6 ? AF_UNSPEC : v6 ? AF_INET6 : AF_INET;
  if (servers.empty()) return fail("no address of a name server is known");
  ares_options options{};
  options.timeout = kTryMs;
  options.tries = kTries;
  options.ndomains = 0;
  options.ndots = 1;
  char only_dns[] = "b";
  options.lookups = only_dns;
  options.sock_state_cb = [](void* self, ares_socket_t fd, int reads, int writes) {
    static_cast<DnsResolver*>(self)->socket_changed(fd, reads != 0, writes != 0);
  };
  options.sock_state_cb_data = made.get();
  const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS | ARES_OPT_NDOTS | ARES_OPT_LOOKUPS |
                   ARES_OPT_SOCK_STATE_CB | ARES_OPT_ROTATE;
  int status = ::ares_init_options(&made->channel_, &options, mask);
  if (status == ARES_SUCCESS) status = ::ares_set_servers_ports_csv(made->channel_, servers.c_str());
  if (status != ARES_SUCCESS) return fail(Error(fmt::format("c-ares: {}", ::ares_strerror(status))));
  return made;
}

DnsResolver::DnsResolver(Loop& loop) : loop_(loop), family_(AF_UNSPEC) {}

DnsResolver::~DnsResolver() {
  closing_ = true;
  if (channel_ != nullptr) ::ares_destroy(channel_);
}

std::uint64_t DnsResolver::look_up(const std::string& name, std::chrono::milliseconds patience, Told told) {
  if (entries_.size() >= kNamesMost && !entries_.contains(name)) forget_oldest();
  Entry& entry = entries_[name];
  entry.used = ++uses_;
  if (entry.until_ms > loop_.now_ms()) {
    // Each in its turn is the first.
    std::rotate(entry.answer.addresses.begin(), entry.answer.addresses.begin() + 1, entry.answer.addresses.end());
    told(entry.answer);
    return 0;
  }
  const std::uint64_t question = ++last_question_;
  entry.waiting.emplace(question, std::move(told));
  auto& limit = patience_[question] = std::make_unique<Patience>();
  limit->of = this;
  limit->name = name;
  limit->question = question;
  loop_.timers().arm(limit->timer, loop_.now_ns() + static_cast<std::uint64_t>(patience.count()) * 1'000'000,
                     limit.get(), [](void* self) {
                       auto* late = static_cast<Patience*>(self);
                       DnsResolver* of = late->of;
                       const std::uint64_t number = late->question;
                       const auto waiting = of->entries_.find(late->name);
                       Told tell;
                       if (waiting != of->entries_.end()) {
                         if (const auto one = waiting->second.waiting.find(number);
                             one != waiting->second.waiting.end())
                           tell = std::move(one->second);
                       }
                       of->forget(number);
                       if (tell) tell({.addresses = {}, .trouble = "110: Operation timed out"});
                     });
  if (!entry.asked) ask(name);
  return question;
}

void DnsResolver::forget(std::uint64_t question) {
  const auto limit = patience_.find(question);
  if (limit == patience_.end()) return;
  if (const auto entry = entries_.find(limit->second->name); entry != entries_.end())
    entry->second.waiting.erase(question);
  limit->second->timer.cancel();
  patience_.erase(limit);
}

void DnsResolver::forget_oldest() {
  auto oldest = entries_.end();
  for (auto each = entries_.begin(); each != entries_.end(); ++each) {
    if (each->second.asked || !each->second.waiting.empty()) continue;
    if (oldest == entries_.end() || each->second.used < oldest->second.used) oldest = each;
  }
  if (oldest != entries_.end()) entries_.erase(oldest);
}

void DnsResolver::ask(const std::string& name) {
  entries_[name].asked = true;
  ++pending_;
  ares_addrinfo_hints hints{};
  hints.ai_family = family_;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT;
  ::ares_getaddrinfo(
      channel_, name.c_str(), nullptr, &hints,
      [](void* given, int status, int, ares_addrinfo* found) {
        const std::unique_ptr<Question> question(static_cast<Question*>(given));
        if (!question->of->closing_) question->of->answered(question->name, status, found);
        if (found != nullptr) ::ares_freeaddrinfo(found);
      },
      new Question{this, name});  // NOLINT(cppcoreguidelines-owning-memory): given back to the function above
  keep_going();
}

void DnsResolver::answered(const std::string& name, int status, void* addresses) {
  --pending_;
  Entry& entry = entries_[name];
  entry.asked = false;
  entry.answer = {};
  entry.until_ms = 0;
  if (status != ARES_SUCCESS) {
    entry.answer.trouble = describe(status);
  } else {
    std::uint64_t seconds = UINT32_MAX;
    for (const ares_addrinfo_node* each = static_cast<ares_addrinfo*>(addresses)->nodes; each != nullptr;
         each = each->ai_next) {
      if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
      entry.answer.addresses.push_back(NameResolver::of_socket(each->ai_addr, each->ai_addrlen));
      seconds = std::min(seconds, static_cast<std::uint64_t>(std::max(each->ai_ttl, 0)));
    }
    if (entry.answer.addresses.empty()) {
      entry.answer.trouble = "3: Host not found";
    } else {
      entry.until_ms = loop_.now_ms() + (valid_ms_ != 0 ? valid_ms_ : seconds * 1000);
    }
  }
  // Never inside of look_up(): who asks may not be told before it has the number.
  loop_.soon([this, name] { settle(name); });
}

void DnsResolver::settle(const std::string& name) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return;
  const Answer answer = entry->second.answer;
  const auto waiting = std::exchange(entry->second.waiting, {});
  for (const auto& [question, told] : waiting) patience_.erase(question);
  for (const auto& [question, told] : waiting) told(answer);
}

void DnsResolver::socket_changed(int fd, bool reads, bool writes) {
  if (!reads && !writes) {
    const auto found = sockets_.find(fd);
    if (found == sockets_.end()) return;
    loop_.poller().remove(fd);
    loop_.bury(std::move(found->second));
    sockets_.erase(found);
    return;
  }
  auto& watcher = sockets_[fd];
  if (watcher != nullptr) return;
  watcher = std::make_unique<SocketWatcher>(*this, fd);
  static_cast<void>(loop_.poller().add_source(fd, static_cast<Watcher*>(watcher.get())));
}

void DnsResolver::process(int fd) { ::ares_process_fd(channel_, fd, ARES_SOCKET_BAD); }

// Time-outs of tries, and what is to be written over TCP: looked after often enough while something is pending.
void DnsResolver::keep_going() {
  if (again_.armed() || pending_ == 0) return;
  loop_.timers().arm(again_, loop_.now_ns() + kAgainNs, this, [](void* self) {
    auto* of = static_cast<DnsResolver*>(self);
    std::vector<int> all;
    for (const auto& [fd, watcher] : of->sockets_) all.push_back(fd);
    for (const int fd : all) ::ares_process_fd(of->channel_, ARES_SOCKET_BAD, fd);
    ::ares_process_fd(of->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    of->keep_going();
  });
}

}  // namespace tierce::nginx
