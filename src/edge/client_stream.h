// The bytes of one client: its socket, TLS on it, or somebody inside this thread (inside_stream.h). Plain connections
// pay one test for that.
#pragma once

#include <memory>
#include <span>

#include "edge/memory_pair.h"
#include "os/socket_io.h"
#include "os/unique_fd.h"
#include "tls/session.h"

namespace tierce::edge {

class ClientStream {
 public:
  explicit ClientStream(os::UniqueFd fd) : fd_(std::move(fd)) {}
  explicit ClientStream(std::unique_ptr<InsideStream> inside) : plain_(false), inside_(std::move(inside)) {}
  // The client is told of the end, unless it is to take what it got for cut short.
  ~ClientStream() {
    if (tls_ != nullptr && !cut_) tls_->close_notify();
  }
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  int fd() const { return fd_.get(); }
  bool is_tls() const { return tls_ != nullptr; }
  // From here on TLS is spoken. `early`: bytes that have been read already.
  tls::Session& begin_tls(const std::shared_ptr<const tls::Context>& context, std::string_view early) {
    plain_ = false;
    tls_ = std::make_unique<tls::Session>(context, fd_.get(), early);
    return *tls_;
  }
  tls::Session& begin_tls(tls::Arrival arrival, std::string_view early) {
    plain_ = false;
    tls_ = std::make_unique<tls::Session>(std::move(arrival), fd_.get(), early);
    return *tls_;
  }
  // The client's side.
  tls::Session& begin_tls(tls::Departure departure) {
    plain_ = false;
    tls_ = std::make_unique<tls::Session>(std::move(departure), fd_.get());
    return *tls_;
  }

  // What was begun turned out to be something else.
  void end_tls() {
    tls_.reset();
    plain_ = true;
  }
  // nullptr: a socket.
  PairEnd* pair() { return inside_ == nullptr ? nullptr : inside_->pair_end(); }

  os::IoResult receive(char* into, std::size_t bytes) {
    if (plain_) return os::receive(fd_.get(), into, bytes);
    return inside_ != nullptr ? inside_->receive(into, bytes) : tls_->receive(into, bytes);
  }
  // Nothing more will come, whatever the socket says.
  bool ended() const { return tls_ != nullptr && tls_->ended(); }
  // `more`: the rest of a record, a head before its file, follows at once.
  os::IoResult send(const char* data, std::size_t bytes, bool more = false) {
    if (plain_) return os::send(fd_.get(), data, bytes, more);
    const iovec whole{const_cast<char*>(data), bytes};  // NOLINT: send() does not write
    return send_parts({&whole, 1});
  }
  os::IoResult send_parts(std::span<const iovec> parts) {
    if (plain_) return os::send_parts(fd_.get(), parts);
    return inside_ != nullptr ? inside_->send_parts(parts) : tls_->send(parts);
  }
  os::IoResult send_file(int file, std::uint64_t* offset, std::size_t bytes) {
    if (plain_) return os::send_file(fd_.get(), file, offset, bytes);
    return inside_ != nullptr ? inside_->send_file(file, offset, bytes) : tls_->send_file(file, offset, bytes);
  }
  // kDone: the socket has everything that was sent.
  os::IoResult flush() { return tls_ == nullptr ? os::IoResult{os::Io::kDone} : tls_->flush(); }

  void shutdown_writing() {
    if (tls_ != nullptr) tls_->close_notify();
    cut_ = true;
    if (inside_ != nullptr) return inside_->shutdown_writing();
    os::shutdown_writing(fd_.get());
  }
  // At the end a reset, so that what was sent is not taken for whole.
  void reset_at_close() {
    cut_ = true;
    if (inside_ != nullptr) return inside_->reset_at_close();
    os::reset_at_close(fd_.get());
  }

 private:
  os::UniqueFd fd_;
  bool plain_ = true;  // A socket without TLS.
  bool cut_ = false;
  std::unique_ptr<tls::Session> tls_;
  std::unique_ptr<InsideStream> inside_;
};

}  // namespace tierce::edge
