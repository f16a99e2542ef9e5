#include "supervisord/control_client.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "base/base64.h"
#include "http/chunked_decoder.h"
#include "os/socket_io.h"
#include "os/unique_fd.h"
#include "supervisord/xml_rpc.h"

namespace tierce::supervisord {
namespace {

// An answer is at most a log of 16 MiB, escaped.
constexpr std::size_t kAnswerMax = 128u << 20;

Result<os::UniqueFd> connect_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return fail(Error("unix://" + path + ": not a socket's path"));
  std::memcpy(address.sun_path, path.data(), path.size());
  os::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  if (errno == ENOENT) return fail(Error("unix://" + path + " no such file"));
  if (errno == ECONNREFUSED) return fail(Error("unix://" + path + " refused connection"));
  return fail(errno_error("unix://" + path));
}

Result<os::UniqueFd> connect_inet(const std::string& url, const std::string& authority) {
  const std::size_t colon = authority.rfind(':');
  std::string host = authority.substr(0, colon);
  const std::string port = colon == std::string::npos ? "80" : authority.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0)
    return fail(Error(fmt::format("{}: {}", url, ::gai_strerror(error))));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, &::freeaddrinfo);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    os::UniqueFd fd(::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd && ::connect(fd.get(), each->ai_addr, each->ai_addrlen) == 0) return fd;
  }
  if (errno == ECONNREFUSED) return fail(Error(url + " refused connection"));
  return fail(errno_error(url));
}

// The answer's head and what came behind it; the rest is read from the socket.
struct Answer {
  os::UniqueFd fd;
  int status = 0;
  bool chunked = false;
  std::string rest;
};

Result<Answer> ask(const ServerAddress& address, std::string_view method, const std::string& path,
                   const std::string& body) {
  const bool is_unix = address.url.starts_with("unix://");
  const std::size_t scheme = address.url.find("://");
  std::string authority = scheme == std::string::npos ? address.url : address.url.substr(scheme + 3);
  if (!is_unix) authority = authority.substr(0, authority.find('/'));
  auto fd = is_unix ? connect_unix(authority) : connect_inet(address.url, authority);
  if (!fd) return fail(std::move(fd).error());
  std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept-Encoding: identity\r\n",
                                    method, path, is_unix ? "localhost" : authority);
  if (!address.username.empty())
    request += fmt::format("Authorization: Basic {}\r\n", base64_encode(address.username + ":" + address.password));
  if (method == "POST") request += fmt::format("Content-Type: text/xml\r\nContent-Length: {}\r\n", body.size());
  request += "\r\n" + body;
  for (std::string_view left = request; !left.empty();) {
    const os::IoResult sent = os::send(fd->get(), left.data(), left.size());
    if (sent.outcome != os::Io::kDone) break;  // It may have answered already.
    left.remove_prefix(sent.bytes);
  }
  Answer answer;
  answer.fd = std::move(*fd);
  char bytes[16384];
  std::size_t end = 0;
  while ((end = answer.rest.find("\r\n\r\n")) == std::string::npos) {
    const os::IoResult got = os::receive(answer.fd.get(), bytes, sizeof bytes);
    if (got.outcome != os::Io::kDone || answer.rest.size() > 65536)
      return fail(Error(address.url + ": no answer that is HTTP"));
    answer.rest.append(bytes, got.bytes);
  }
  const std::string head = answer.rest.substr(0, end);
  answer.rest.erase(0, end + 4);
  const std::size_t blank = head.find(' ');
  if (!head.starts_with("HTTP/1.") || blank == std::string::npos)
    return fail(Error(address.url + ": no answer that is HTTP"));
  std::from_chars(head.data() + blank + 1, head.data() + head.size(), answer.status);
  std::string low = head;
  for (char& c : low) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  answer.chunked = low.find("\r\ntransfer-encoding: chunked") != std::string::npos;
  if (answer.status == 401) return fail(Error("Server requires authentication"));
  return answer;
}

// Hands on the body, to its end.
Result<void> read_body(Answer& answer, const std::function<bool(std::string_view)>& sink) {
  http::ChunkedDecoder chunks;
  char bytes[16384];
  while (true) {
    if (answer.chunked) {
      while (true) {
        const auto step = chunks.next(answer.rest);
        const bool goes_on = step.data.empty() || sink(step.data);
        answer.rest.erase(0, step.consumed);
        if (!goes_on || step.outcome == http::ChunkedDecoder::Outcome::kDone) return {};
        if (step.outcome == http::ChunkedDecoder::Outcome::kRefused) return fail("the answer's chunks are broken");
        if (step.outcome == http::ChunkedDecoder::Outcome::kNeedMore) break;
      }
    } else if (!answer.rest.empty()) {
      if (!sink(answer.rest)) return {};
      answer.rest.clear();
    }
    const os::IoResult got = os::receive(answer.fd.get(), bytes, sizeof bytes);
    if (got.outcome != os::Io::kDone) return {};
    answer.rest.append(bytes, got.bytes);
  }
}

}  // namespace

Result<Outcome> ControlClient::call(const std::string& method, Value::Array parameters) const {
  auto answer = ask(address_, "POST", "/RPC2", write_call({method, std::move(parameters)}));
  if (!answer) return fail(std::move(answer).error());
  if (answer->status != 200) return fail(Error(fmt::format("{}: HTTP status {}", address_.url, answer->status)));
  std::string body;
  auto read = read_body(*answer, [&](std::string_view part) {
    body += part;
    return body.size() <= kAnswerMax;
  });
  if (!read) return fail(std::move(read).error());
  return parse_response(body);
}

Result<void> ControlClient::follow(const std::string& path, const std::function<void(std::string_view)>& sink) const {
  auto answer = ask(address_, "GET", path, "");
  if (!answer) return fail(std::move(answer).error());
  if (answer->status == 404) return fail("no such process");
  if (answer->status == 410) return fail("no log file");
  if (answer->status != 200) return fail(Error(fmt::format("{}: HTTP status {}", address_.url, answer->status)));
  return read_body(*answer, [&](std::string_view part) {
    sink(part);
    return true;
  });
}

}  // namespace tierce::supervisord
