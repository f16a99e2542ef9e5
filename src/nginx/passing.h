// One request on its way through another server. Its parts, in the order they happen: passing_place.cc finds out where
// to, passing_attempt.cc connects, sends and reads the head of the answer, with the next server where that fails,
// passing_head.cc makes a response of that head, passing_relay.cc moves the body, passing_tunnel.cc an upgrade.
#pragma once

#include "nginx/error_logs.h"
#include "nginx/local_apps.h"
#include "nginx/pass.h"
#include "nginx/upstream_peers.h"

namespace tierce::nginx {

class Passing {
 public:
  Passing(Request& request, PassHow how)
      : request_(request), how_(how), reader_(how.kind), parser_(request.upstream.parser) {}
  ~Passing();
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;
  Async<int> run();

 private:
  // What an attempt has come to; kNone: the head of an answer is there.
  enum class Trouble : std::uint8_t { kNone, kError, kTimeout, kInvalidHeader, kClientGone, kCannotSend, kAway };

  // --- passing_place.cc ---
  Async<int> find_place();
  int take_text_target(const std::string& text);
  Async<int> resolve_name();
  void name_place(const conf::Address& address, bool is_unix);

  // --- passing_attempt.cc ---
  Async<int> try_servers();
  Async<Trouble> attempt(const PeerAddress& address);
  Async<Trouble> connect(const PeerAddress& address);
  Async<Trouble> connect_by_socket(const PeerAddress& address);
  Async<Trouble> connect_by_name(LocalApp& app);
  // Through shared memory, where the server is an application of ours; kNone without a connection: by the socket.
  Async<Trouble> connect_locally(LocalApp& app);
  Async<Trouble> secure();
  Async<Trouble> send_request();
  Async<Trouble> send_bytes(std::string& bytes);
  Async<Trouble> send_body_file(std::string& bytes);
  Async<Trouble> read_head();
  // False: nothing more comes.
  bool receive();
  bool pull();
  Trouble too_many_params() const;
  Trouble call_with_params(bool with_body);
  void call_or_connect(LocalApp& app);
  void name_upstream(std::string_view address, bool is_unix);
  UpstreamAttempt& begin_facts(const std::string& address);
  void give_back(Balancing::End end);
  bool out_of_time() const;
  std::int64_t now_s() const;
  // Until one of the events of the server's connection, its time, or the client's end.
  Async<Trouble> wait(std::uint32_t events, conf::Milliseconds time, std::string_view doing);
  bool may_try_again(Trouble trouble, int status) const;
  bool names(std::string_view word) const;
  bool client_left() const;
  void log(Level level, std::string_view text) const;
  void drop_connection();
  std::string_view unread() const {
    if (connection_ == nullptr) return {};  // The server is done with; its answer is still on the way to the client.
    return reader_.wrapped() ? std::string_view(plain_).substr(plain_used_) : connection_->in.view();
  }
  void consume(std::size_t bytes);
  // No more of the answer will come: its server has closed, or has said that this was all.
  bool keeps_records() const { return request_.settings->fastcgi.keep_conn.value_or(false); }
  bool answer_ended() const { return server_ended_ || reader_.record_end(); }

  // --- passing_head.cc ---
  int take_head();
  int follow_accel_redirect(std::string_view target);
  void copy_fields();
  bool is_hidden(std::string_view name) const;

  // --- passing_relay.cc ---
  Async<int> relay();
  bool spool(std::string_view data);
  bool unspool();
  void finish_connection();

  // --- passing_tunnel.cc ---
  Async<int> tunnel();

  Request& request_;
  PassHow how_;
  AnswerReader reader_;
  PassPlace place_;
  std::shared_ptr<UpstreamGroup> group_;
  std::string name_;  // That the resolver must be asked for; "" for none.
  std::uint16_t name_port_ = 0;
  bool over_tls_ = false;
  PeerGroup::Choice choice_;
  std::string hash_key_, remote_;
  std::optional<PeerGroup::Chosen> peer_;
  std::size_t tries_left_ = 0;
  bool first_try_ = true;
  std::string_view doing_;  // For logs.
  std::unique_ptr<UpstreamConnection> connection_;
  http::ResponseParser& parser_;
  std::string plain_;  // Of FastCGI: what its records held and nobody has read yet.
  std::size_t plain_used_ = 0;
  std::string body_;           // proxy_set_body.
  bool chunked_body_ = false;  // The request's body goes out in chunks, as it comes.
  bool streams_body_ = false;
  bool body_sent_ = false;
  bool too_large_ = false;
  bool caught_ = false;         // fastcgi_catch_stderr
  bool client_late_ = false;    // With its body, that is passed on as it comes.
  bool request_begun_ = false;  // Something has been sent that the server may act upon.
  bool server_ended_ = false;
  bool server_broke_off_ = false;  // ... by a reset: what has come is not the whole.
  bool buffering_ = true;
  std::uint64_t began_ms_ = 0, first_began_ms_ = 0;
  os::UniqueFd spool_;
  std::uint64_t spool_read_ = 0, spool_written_ = 0;
};

}  // namespace tierce::nginx
