#include "nginx/subrequest.h"

#include "nginx/access_logs.h"
#include "nginx/body_filter.h"
#include "nginx/nobody.h"
#include "nginx/phases.h"
#include "nginx/site.h"

namespace tierce::nginx {

// Its answer is for who has made it; all else is as with the client of that.
class Subrequest::Silent final : public Nobody {
 public:
  explicit Silent(Client& of) : of_(of) {}
  const Peer& peer() const override { return of_.peer(); }
  tls::Session* tls() const override { return of_.tls(); }
  bool is_http2() const override { return of_.is_http2(); }
  std::uint32_t requests() const override { return of_.requests(); }
  int socket() const override { return of_.socket(); }

 private:
  Client& of_;
};

Subrequest::Subrequest(Request& parent, std::string_view uri)
    : client_(std::make_unique<Silent>(parent.client())),
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
