#include "supervisord/control_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/base64.h"
#include "config/supervisord/values.h"
#include "http/percent.h"
#include "os/socket_io.h"
#include "supervisord/log_reading.h"
#include "supervisord/web_page.h"
#include "supervisord/xml_rpc.h"

namespace tierce::supervisord {
namespace {

using namespace std::chrono_literals;

// A call with all its parameters; sendProcessStdin carries the most.
constexpr std::uint64_t kBodyMax = 4u << 20;
constexpr auto kIdleMax = 60s;
constexpr auto kFollowEvery = 100ms;
// A reader of a followed log that takes nothing is sent nothing more.
constexpr std::size_t kOutMax = 1u << 20;
// What supervisorctl shows of a log before it follows it.
constexpr std::int64_t kTailBytes = 1024;

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 303:
      return "See Other";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    default:
      return "Error";
  }
}

std::string sha_hex(std::string_view text) {
  std::array<unsigned char, 20> digest{};
  // Where the system forbids SHA-1 no password is right.
  if (EVP_Q_digest(nullptr, "SHA1", nullptr, text.data(), text.size(), digest.data(), nullptr) != 1) return "none";
  std::string out;
  for (const unsigned char byte : digest) out += fmt::format("{:02x}", byte);
  return out;
}

// In a time that says nothing of where they differ.
bool same_text(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ (b.empty() ? 1u : static_cast<unsigned char>(b[i % b.size()]));
  return difference == 0;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
           return std::tolower(x) == std::tolower(y);
         });
}

}  // namespace

ControlConnection::ControlConnection(Server& server, os::CallbackLoop& loop, const conf::HttpServerSettings& settings,
                                     os::UniqueFd fd)
    : server_(server),
      loop_(loop),
      settings_(settings),
      fd_(std::move(fd)),
      limits_{.empty_host = true},  // supervisorctl's when it follows a log over a unix socket.
      fields_(limits_.fields_max),
      parser_(limits_, fields_.data()),
      idle_since_(Server::now()) {
  loop_.watch(fd_.get(), {}, [this] { on_ready(); });
}

ControlConnection::~ControlConnection() { close(); }

void ControlConnection::close() {
  if (fd_) loop_.forget(fd_.get());
  fd_ = os::UniqueFd();
  pending_ = nullptr;
}

void ControlConnection::update_interest() {
  // While an answer is made nothing more is read: one request of a client at a time.
  const bool reads = !peer_done_ && (reading_ != Reading::kNothing || !followed_.empty());
  if (fd_) loop_.change(fd_.get(), {.readable = reads, .writable = !out_.empty()});
}

void ControlConnection::on_ready() {
  idle_since_ = Server::now();
  if (!out_.empty()) flush();
  if (fd_) read_more();
  if (fd_) update_interest();
}

void ControlConnection::read_more() {
  if (reading_ == Reading::kNothing && followed_.empty()) {
    // Only the end of the other side can have woken us.
    char byte = 0;
    if (::recv(fd_.get(), &byte, 1, MSG_PEEK) == 0 && out_.empty()) peer_done_ = true;
    if (errno == ECONNRESET) close();
    return;
  }
  char bytes[16384];
  const os::IoResult got = os::receive(fd_.get(), bytes, sizeof bytes);
  if (got.outcome == os::Io::kClosed) return close();
  if (got.outcome == os::Io::kWouldBlock || !followed_.empty()) return;
  in_.append(bytes, got.bytes);
  read_requests();
}

void ControlConnection::read_requests() {
  while (fd_ && reading_ != Reading::kNothing) {
    if (reading_ == Reading::kHead && !read_head()) return;
    if (!fd_ || reading_ == Reading::kNothing) return;
    if (reading_ == Reading::kBody && !read_body()) return;
  }
}

bool ControlConnection::read_head() {
  const auto outcome = parser_.parse(in_);
  if (outcome == http::RequestParser::Outcome::kNeedMore) return false;
  if (outcome == http::RequestParser::Outcome::kRefused) {
    refuse(http::status_of(parser_.error()));
    return false;
  }
  const http::RequestHead& head = parser_.head();
  request_ = Request();
  request_.method = head.method_name.in(in_.data());
  request_.keep_alive = head.keep_alive;
  request_.http11 = head.minor_version == 1;
  const std::string_view raw = head.path.in(in_.data());
  request_.path.resize(raw.size());
  request_.path.resize(http::decode_path(raw, request_.path.data()));
  request_.query = head.query.in(in_.data());
  for (std::uint32_t i = 0; i < head.field_count; ++i) {
    const std::string_view name = parser_.fields()[i].name.in(in_.data());
    const std::string_view value = parser_.fields()[i].value.in(in_.data());
    if (equal_ignoring_case(name, "authorization")) request_.authorization = value;
    if (equal_ignoring_case(name, "host")) request_.host = value;
    if (equal_ignoring_case(name, "origin")) request_.origin = value;
    if (equal_ignoring_case(name, "sec-fetch-site")) request_.fetch_site = value;
  }
  chunked_body_ = head.body == http::BodyKind::kChunked;
  body_left_ = head.body == http::BodyKind::kLength ? head.content_length : 0;
  const bool expects = head.expect_continue;
  in_.erase(0, head.head_bytes);
  parser_.reset();
  if (body_left_ > kBodyMax) {
    refuse(413);
    return false;
  }
  // Before the body: who may not call has nothing stored for him.
  if (!authorized()) {
    request_.keep_alive = false;
    answer(401, "text/html", "<h1>Unauthorized</h1>", "WWW-Authenticate: Basic realm=\"default\"\r\n");
    return false;
  }
  if (expects) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  chunks_.reset();
  reading_ = Reading::kBody;
  return true;
}

bool ControlConnection::read_body() {
  while (chunked_body_) {
    const auto step = chunks_.next(in_);
    request_.body += step.data;
    in_.erase(0, step.consumed);
    if (request_.body.size() > kBodyMax) {
      refuse(413);
      return false;
    }
    if (step.outcome == http::ChunkedDecoder::Outcome::kNeedMore) return false;
    if (step.outcome == http::ChunkedDecoder::Outcome::kRefused) {
      refuse(400);
      return false;
    }
    if (step.outcome == http::ChunkedDecoder::Outcome::kDone) break;
  }
  if (!chunked_body_) {
    const std::size_t part = std::min<std::uint64_t>(body_left_, in_.size());
    request_.body.append(in_, 0, part);
    in_.erase(0, part);
    body_left_ -= part;
    if (body_left_ > 0) return false;
  }
  reading_ = Reading::kNothing;
  handle();
  return true;
}

void ControlConnection::refuse(int status) {
  request_.keep_alive = false;
  answer(status, "text/plain", fmt::format("{} {}\n", status, reason_of(status)));
}

bool ControlConnection::authorized() const {
  if (settings_.username.empty()) return true;
  constexpr std::string_view kBasic = "Basic ";
  if (request_.authorization.size() < kBasic.size() ||
      !equal_ignoring_case(std::string_view(request_.authorization).substr(0, kBasic.size()), kBasic))
    return false;
  const auto decoded = base64_decode(std::string_view(request_.authorization).substr(kBasic.size()));
  if (!decoded) return false;
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) return false;
  const std::string user = decoded->substr(0, colon);
  const std::string password = decoded->substr(colon + 1);
  constexpr std::string_view kSha = "{SHA}";
  const bool hashed = settings_.password.starts_with(kSha);
  const bool right = hashed ? same_text(sha_hex(password), conf::lower(settings_.password.substr(kSha.size())))
                            : same_text(password, settings_.password);
  return same_text(user, settings_.username) && right;
}

// A page of another site makes a browser send requests with the user's credentials; a browser says so.
bool ControlConnection::from_elsewhere() const {
  if (!request_.fetch_site.empty()) return request_.fetch_site != "same-origin" && request_.fetch_site != "none";
  if (request_.origin.empty()) return false;
  const std::size_t scheme = request_.origin.find("://");
  return scheme == std::string::npos || request_.origin.substr(scheme + 3) != request_.host;
}

void ControlConnection::handle() {
  const std::string& path = request_.path;
  const bool reads = request_.method == "GET" || request_.method == "HEAD";
  if (!reads && from_elsewhere()) return refuse(403);
  if (path == "/RPC2" || path == "/RPC2/") {
    if (request_.method != "POST") return answer(405, "text/plain", "XML-RPC is called with POST\n", "Allow: POST\r\n");
    return handle_rpc();
  }
  if (path == "/mainlogtail" || path.starts_with("/logtail/")) {
    if (!reads) return answer(405, "text/plain", "a log is read with GET\n", "Allow: GET, HEAD\r\n");
    return handle_tail(path);
  }
  if (path == "/" || path == "/index.html") {
    if (reads)
      return answer(200, "text/html; charset=utf-8", index_page(server_, form_value(request_.query, "message")));
    const std::string message = obey_form(server_, request_.body);
    return answer(303, "text/plain", message + "\n", "Location: /?message=" + percent_encoded(message) + "\r\n");
  }
  if (path == "/tail.html" && reads) {
    const auto page =
        tail_page(server_, form_value(request_.query, "processname"), form_value(request_.query, "channel"));
    return page ? answer(200, "text/html; charset=utf-8", *page) : answer(404, "text/plain", "no such process\n");
  }
  answer(404, "text/plain", "not found\n");
}

void ControlConnection::handle_rpc() {
  auto call = parse_call(request_.body);
  if (!call) {
    request_.keep_alive = false;
    return answer(400, "text/plain", call.error().text() + "\n");
  }
  pending_ = call_method(server_, call->method, call->parameters);
  tick(Server::now());
}

void ControlConnection::handle_tail(const std::string& path) {
  if (path == "/mainlogtail") {
    if (!server_.log().has_file()) return answer(410, "text/plain", "there is no log\n");
    return follow(server_.log().path());
  }
  std::string name = path.substr(std::string_view("/logtail/").size());
  bool errors = false;
  if (const std::size_t slash = name.find('/'); slash != std::string::npos) {
    const std::string channel = name.substr(slash + 1);
    name.resize(slash);
    if (channel != "stdout" && channel != "stderr" && !channel.empty()) return answer(404, "text/plain", "not found\n");
    errors = channel == "stderr";
  }
  const std::size_t colon = name.find(':');
  const Group* group = server_.find_group(name.substr(0, colon));
  const Process* process =
      group != nullptr ? group->find(colon == std::string::npos ? name : name.substr(colon + 1)) : nullptr;
  if (process == nullptr) return answer(404, "text/plain", "no such process\n");
  const std::string& log = process->log_path(errors);
  struct stat info {};
  if (log.empty() || ::stat(log.c_str(), &info) != 0 || !S_ISREG(info.st_mode))
    return answer(410, "text/plain", "there is no log that can be read\n");
  follow(log);
}

void ControlConnection::follow(const std::string& path) {
  out_ +=
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain;charset=utf-8\r\nX-Accel-Buffering: no\r\nCache-Control: "
      "no-store\r\n";
  // A client of HTTP/1.0 reads to the end of the connection.
  out_ += request_.http11 ? "Transfer-Encoding: chunked\r\n\r\n" : "Connection: close\r\n\r\n";
  followed_ = path;
  followed_size_ = -1;
  if (request_.method == "HEAD") {
    followed_.clear();
    close_after_ = true;
  }
  send_growth();
  flush();
}

void ControlConnection::send_growth() {
  if (followed_.empty() || out_.size() >= kOutMax) return;
  struct stat info {};
  const std::int64_t size = ::stat(followed_.c_str(), &info) == 0 ? info.st_size : 0;
  std::string bytes;
  if (followed_size_ < 0) followed_size_ = std::max<std::int64_t>(size - kTailBytes, 0);
  if (size < followed_size_) {
    bytes = "==> File truncated <==\n";
    followed_size_ = 0;
  } else if (size > followed_size_) {
    const os::UniqueFd file(::open(followed_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    bytes.resize(static_cast<std::size_t>(std::min<std::int64_t>(size - followed_size_, kOutMax)));
    bytes.resize(os::read_at(file.get(), bytes.data(), bytes.size(), static_cast<std::uint64_t>(followed_size_)));
    followed_size_ += static_cast<std::int64_t>(bytes.size());
  }
  if (bytes.empty()) return;
  out_ += request_.http11 ? fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes) : bytes;
}

void ControlConnection::answer(int status, std::string_view type, std::string_view body, std::string_view more_fields) {
  reading_ = Reading::kNothing;
  close_after_ = !request_.keep_alive;
  out_ +=
      fmt::format("HTTP/1.{:d} {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n{}{}\r\n",
                  request_.http11, status, reason_of(status), type, body.size(), more_fields,
                  close_after_      ? "Connection: close\r\n"
                  : request_.http11 ? ""
                                    : "Connection: keep-alive\r\n");
  if (status == 200 && type.starts_with("text/html")) {
    // Nothing but the page itself: no script, no frame of another site around the buttons.
    out_.insert(out_.size() - 2,
                "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                "frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\n");
  }
  if (request_.method != "HEAD") out_ += body;
  flush();
}

void ControlConnection::flush() {
  while (fd_ && !out_.empty()) {
    const os::IoResult sent = os::send(fd_.get(), out_.data(), out_.size());
    if (sent.outcome == os::Io::kClosed) return close();
    if (sent.outcome == os::Io::kWouldBlock) return update_interest();
    out_.erase(0, sent.bytes);
  }
  if (!fd_ || !followed_.empty() || pending_) return;
  if (close_after_) {
    os::shutdown_writing(fd_.get());
    return close();
  }
  if (reading_ == Reading::kNothing) {
    reading_ = Reading::kHead;
    update_interest();
  }
}

void ControlConnection::tick(TimePoint now) {
  if (!fd_) return;
  if (pending_) {
    const auto outcome = pending_();
    if (outcome) {
      pending_ = nullptr;
      answer(200, "text/xml", write_response(*outcome));
      if (fd_ && !in_.empty()) read_requests();
    }
    idle_since_ = now;
  }
  if (fd_ && !followed_.empty()) {
    send_growth();
    flush();
    if (out_.empty()) idle_since_ = now;
  }
  if (fd_ && (peer_done_ || now - idle_since_ > kIdleMax)) close();
}

TimePoint ControlConnection::deadline() const {
  if (!fd_ || peer_done_) return TimePoint::min();
  if (!followed_.empty()) return Server::now() + kFollowEvery;
  if (pending_) return TimePoint::max();
  return idle_since_ + kIdleMax + 1ms;
}

}  // namespace tierce::supervisord
