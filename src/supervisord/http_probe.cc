#include "supervisord/http_probe.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "os/socket_io.h"
#include "os/unique_fd.h"

namespace tierce::supervisord {
namespace {

struct Target {
  std::string host;  // As in Host.
  std::string node;
  std::string port = "80";
  std::string path = "/";
};

Target target_of(std::string url) {
  constexpr std::string_view kScheme = "http://";
  if (url.starts_with(kScheme)) url.erase(0, kScheme.size());
  Target target;
  const std::size_t slash = url.find_first_of("/?");
  if (slash != std::string::npos) target.path = (url[slash] == '?' ? "/" : "") + url.substr(slash);
  target.host = target.node = url.substr(0, slash);
  const std::size_t colon = target.node.rfind(':');
  if (colon != std::string::npos && target.node.find(']', colon) == std::string::npos) {
    target.port = target.node.substr(colon + 1);
    target.node.resize(colon);
  }
  if (target.node.starts_with('[') && target.node.ends_with(']'))
    target.node = target.node.substr(1, target.node.size() - 2);
  return target;
}

std::string answer_of(int fd, const Target& target) {
  const std::string request = fmt::format(
      "GET {} HTTP/1.0\r\nHost: {}\r\nUser-Agent: tierce\r\nConnection: close\r\n\r\n", target.path, target.host);
  if (!os::write_all(fd, request.data(), request.size())) return fmt::format("send: {}", std::strerror(errno));
  std::string head;
  char bytes[512];
  // "HTTP/1.1 200"
  while (head.size() < 12) {
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) return "the connection was closed before an answer";
    head.append(bytes, static_cast<std::size_t>(got));
  }
  if (!head.starts_with("HTTP/1.") || head[8] != ' ') return "that is no HTTP";
  return head[9] == '2' || head[9] == '3' ? std::string() : head.substr(9, 3);
}

}  // namespace

std::string probe_url(const std::string& url) {
  const Target target = target_of(url);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int bad = ::getaddrinfo(target.node.c_str(), target.port.c_str(), &hints, &found); bad != 0)
    return fmt::format("{}: {}", target.host, ::gai_strerror(bad));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, &::freeaddrinfo);
  int why = 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const os::UniqueFd fd(::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol));
    if (fd && ::connect(fd.get(), one->ai_addr, one->ai_addrlen) == 0) return answer_of(fd.get(), target);
    why = errno;
  }
  return fmt::format("connect: {}", std::strerror(why));
}

}  // namespace tierce::supervisord
