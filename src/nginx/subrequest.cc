#include "nginx/subrequest.h"

#include "nginx/access_logs.h"
#include "nginx/body_filter.h"
#include "nginx/phases.h"
#include "nginx/site.h"

namespace tierce::nginx {

class Subrequest::Nobody final : public Client {
 public:
  explicit Nobody(Client& of) : of_(of) {}
  Input take_body(std::string_view*) override { return Input::kEnd; }
  void begin_response(Request&, const Response&, bool) override {}
  void write(std::string_view) override {}
  void write_file(int, std::uint64_t, std::uint64_t) override {}
  void add_trailer(std::string_view, std::string_view) override {}
  void end_response() override {}
  void cut_response() override {}
  Flow flush() override { return Flow::kDone; }
  Flow flush(std::uint64_t, std::uint64_t* went) override {
    *went = 0;
    return Flow::kDone;
  }
  std::size_t held() const override { return 0; }
  std::uint64_t bytes_sent() const override { return 0; }
  std::uint64_t body_bytes_sent() const override { return 0; }
  void arm(std::chrono::milliseconds) override {}
  const Peer& peer() const override { return of_.peer(); }
  tls::Session* tls() const override { return of_.tls(); }
  bool is_http2() const override { return of_.is_http2(); }
  std::uint32_t requests() const override { return of_.requests(); }
  int socket() const override { return of_.socket(); }

 private:
  Client& of_;
};

Subrequest::Subrequest(Request& parent, std::string_view uri)
    : client_(std::make_unique<Nobody>(parent.client())),
      request_(parent.site.requests().take(*client_, parent.signal(), parent.exchange())) {
  Request& made = *request_;
  made.begin(*parent.listener);
  made.parent = &parent;
  made.server = parent.server;
  made.enter_server();
  made.method = http::Method::kGet;
  made.method_name = "GET";
  made.uri = uri;
  made.host = parent.host;
  made.tls = parent.tls;
  made.internal = true;
  made.valid_raw_uri = false;
  made.body_discarded = true;  // The body is the parent's.
  made.real_address = parent.real_address;
  made.real_port = parent.real_port;
  made.set = parent.set;
}

Subrequest::~Subrequest() = default;

Async<void> Subrequest::run() {
  co_await serve(*request_);
  if (request_->settings->log_subrequest.value_or(false)) request_->site.access_logs().add(*request_);
}

}  // namespace tierce::nginx
