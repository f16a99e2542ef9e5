#include "tls/session.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace tierce::tls {
namespace {

// What one call of send() takes: a few records, so that others get their turn.
constexpr std::size_t kSendMax = 65536;
// Records of a thread's connection in the making. They leave it before another connection's are made.
thread_local std::string made;  // NOLINT: one for each thread is the point.

std::vector<char>& plain() {
  thread_local std::vector<char> bytes(kSendMax);
  return bytes;
}

}  // namespace

// OpenSSL's way to the socket: reads from it, writes to `made`.
struct SocketBio {
  static int write(BIO*, const char* data, int bytes) {
    made.append(data, static_cast<std::size_t>(bytes));
    return bytes;
  }
  static int read(BIO* bio, char* into, int bytes) {
    auto* session = static_cast<Session*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (!session->early_.empty()) {
      const std::size_t now = std::min(session->early_.size(), static_cast<std::size_t>(bytes));
      session->early_.copy(into, now);
      session->early_.erase(0, now);
      return static_cast<int>(now);
    }
    os::IoResult got{os::Io::kWouldBlock};
    if (!session->drained_) got = os::receive(session->fd_, into, static_cast<std::size_t>(bytes));
    if (got.outcome == os::Io::kDone) {
      // A short read: the next event says when there is more.
      session->drained_ = got.bytes < static_cast<std::size_t>(bytes);
      return static_cast<int>(got.bytes);
    }
    if (got.outcome == os::Io::kWouldBlock) {
      BIO_set_retry_read(bio);
      return -1;
    }
    return 0;
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* method() {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tierce client");
      BIO_meth_set_write(m, write);
      BIO_meth_set_read(m, read);
      BIO_meth_set_ctrl(m, control);
      return m;
    }();
    return method;
  }
};

Session::Session(std::shared_ptr<const Context> context, int fd, std::string_view early)
    : context_(std::move(context)), ssl_(SSL_new(context_->get())), fd_(fd), early_(early) {
  if (ssl_ == nullptr) return;
  BIO* bio = BIO_new(SocketBio::method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_accept_state(ssl_);
}

Session::~Session() { SSL_free(ssl_); }

os::IoResult Session::push() {
  os::IoResult sent{os::Io::kDone};
  std::string_view fresh = made;
  while (backlog_.empty() && !fresh.empty() && sent.outcome == os::Io::kDone) {
    sent = os::send(fd_, fresh.data(), fresh.size());
    fresh.remove_prefix(sent.bytes);
  }
  backlog_.append(fresh);
  made.clear();
  return sent;
}

os::IoResult Session::flush() {
  std::size_t gone = 0;
  while (backlog_sent_ < backlog_.size()) {
    const os::IoResult sent = os::send(fd_, backlog_.data() + backlog_sent_, backlog_.size() - backlog_sent_);
    if (sent.outcome != os::Io::kDone) return {sent.outcome, gone};
    backlog_sent_ += sent.bytes;
    gone += sent.bytes;
  }
  backlog_sent_ = 0;
  if (backlog_.capacity() > kSendMax) {
    backlog_ = std::string();  // Idle connections keep no buffer.
  } else {
    backlog_.clear();
  }
  return {os::Io::kDone, gone};
}

Session::Handshake Session::handshake() {
  if (ssl_ == nullptr) {
    trouble_ = "no memory";
    return Handshake::kFailed;
  }
  ERR_clear_error();
  drained_ = false;
  const int done = SSL_do_handshake(ssl_);
  const int error = done == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_, done);
  const os::IoResult pushed = push();  // The alert of a failure, too.
  if (done != 1 && error != SSL_ERROR_WANT_READ) {
    plain_http_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
    trouble_ = error == SSL_ERROR_SYSCALL || ERR_peek_error() == 0 ? "the client has closed" : openssl_errors();
    return Handshake::kFailed;
  }
  if (pushed.outcome == os::Io::kClosed) {
    trouble_ = "the client has closed";
    return Handshake::kFailed;
  }
  if (done == 1) return Handshake::kDone;
  return pushed.outcome == os::Io::kWouldBlock ? Handshake::kWaitWrite : Handshake::kWaitRead;
}

os::IoResult Session::receive(char* into, std::size_t bytes) {
  if (ended_) return {os::Io::kClosed};
  std::size_t have = 0;
  ERR_clear_error();
  drained_ = false;
  while (have < bytes) {
    std::size_t got = 0;
    const int done = SSL_read_ex(ssl_, into + have, bytes - have, &got);
    if (done == 1) {
      have += got;
      continue;
    }
    if (SSL_get_error(ssl_, done) != SSL_ERROR_WANT_READ) {
      ended_ = true;
      ERR_clear_error();
    }
    break;
  }
  // Reading makes records too: an answer to a change of keys, an alert.
  if (!made.empty()) static_cast<void>(push());
  if (have > 0) return {os::Io::kDone, have};
  return {ended_ ? os::Io::kClosed : os::Io::kWouldBlock};
}

os::IoResult Session::send(std::span<const iovec> parts) {
  if (const os::IoResult before = flush(); before.outcome != os::Io::kDone) return {before.outcome};
  // Small parts share a record.
  std::vector<char>& bytes = plain();
  std::size_t have = 0;
  for (const iovec& part : parts) {
    const std::size_t now = std::min(part.iov_len, kSendMax - have);
    std::memcpy(bytes.data() + have, part.iov_base, now);
    have += now;
    if (now < part.iov_len) break;
  }
  std::size_t taken = 0;
  ERR_clear_error();
  while (taken < have) {
    std::size_t written = 0;
    if (SSL_write_ex(ssl_, bytes.data() + taken, have - taken, &written) != 1) {
      made.clear();
      ERR_clear_error();
      return {os::Io::kClosed};
    }
    taken += written;
  }
  if (push().outcome == os::Io::kClosed) return {os::Io::kClosed};
  return {os::Io::kDone, taken};
}

os::IoResult Session::send_file(int file, std::uint64_t* offset, std::size_t bytes) {
  if (const os::IoResult before = flush(); before.outcome != os::Io::kDone) return {before.outcome};
  thread_local std::vector<char> part(kSendMax);
  const std::size_t got = os::read_at(file, part.data(), std::min(bytes, kSendMax), *offset);
  if (got == 0) return {os::Io::kDone, 0};
  const iovec whole{part.data(), got};
  const os::IoResult sent = send({&whole, 1});
  *offset += sent.bytes;
  return sent;
}

void Session::close_notify() {
  if (ssl_ == nullptr || SSL_in_init(ssl_) != 0) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  static_cast<void>(push());
  ERR_clear_error();
}

}  // namespace tierce::tls
