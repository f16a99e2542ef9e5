// One request and all that is known of it on its way through the phases. Variables are read from it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/timer_wheel.h"
#include "config/nginx/model.h"
#include "edge/exchange.h"
#include "http/response_parser.h"
#include "nginx/async.h"
#include "nginx/body_file.h"
#include "nginx/client.h"
#include "nginx/connection_zone.h"
#include "nginx/response.h"
#include "nginx/signal.h"

namespace tierce::nginx {

namespace conf = config::nginx;
class BodyFilter;
class Site;

// What became of one attempt to pass a request on: $upstream_addr and its kin list them.
struct UpstreamAttempt {
  std::string address;
  int status = 0;
  std::uint64_t connect_ms = 0, header_ms = 0, response_ms = 0;
  bool connected = false, answered = false, ended = false;
  std::uint64_t bytes_sent = 0, bytes_received = 0;
  std::uint64_t body_bytes = 0;
  bool redirected = false;  // The next attempt is that of another location.
};

struct UpstreamFacts {
  std::vector<UpstreamAttempt> attempts;
  FieldList fields;  // Of the response's head, as it came.
  http::ResponseParser parser{http::ResponseParser::Form::kHttp};
  std::string sending;  // What goes to the server next.
};

class Request {
 public:
  // A redirect or a rewritten path starts the choice of the location again at most so often.
  static constexpr int kRedirectsMax = 10;

  explicit Request(Site& at);
  ~Request();
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  // From here on it is one of this client.
  void bind(Client& of, Signal& told, edge::Exchange& holder) {
    client_ = &of;
    signal_ = &told;
    exchange_ = &holder;
  }

  // Ready for the request that the exchange has the head of.
  void begin(const conf::Listener& at);

  // A header field of the request; "" when there is none. Names in lower case.
  std::string_view field(std::string_view lower) const { return exchange_->field(lower); }
  // As it came; good until more of the body is read.
  std::string_view raw_target() const { return exchange_->part(exchange_->head().target); }
  // Of it what a request of that server would have sent: "http://name/path?x" is "/path?x".
  std::string_view raw_uri() const {
    const std::string_view target = raw_target();
    const http::Span path = exchange_->head().path;
    if (target.empty() || target.starts_with('/')) return target;
    if (path.length == 0) return "/";
    const std::string_view from = exchange_->part(path);
    return {from.data(), static_cast<std::size_t>(target.data() + target.size() - from.data())};
  }
  bool is_head() const { return method == http::Method::kHead; }
  bool reads() const { return method == http::Method::kGet || method == http::Method::kHead; }

  // Back to the settings of the server, before a location is chosen.
  void enter_server();
  void enter(const conf::Location& chosen);

  void take_captures(const Regex& regex, std::string_view subject);
  // Of its listener by `host`, and enters it. False: an expression gave up, whose request it is cannot be told.
  bool choose_server();

  Client& client() const { return *client_; }
  Signal& signal() const { return *signal_; }
  edge::Exchange& exchange() const { return *exchange_; }

  Site& site;
  Request* parent = nullptr;  // Of a subrequest.

  const conf::Listener* listener = nullptr;
  const conf::Server* server = nullptr;
  const conf::Location* location = nullptr;  // The one whose pattern fits; the server's root before.
  // What holds now: the location's, or those of an if or a limit_except inside.
  const conf::LocationSettings* settings = nullptr;

  const conf::Location* inside_if = nullptr;  // The if whose settings hold.
  int refused = 0;                            // The head was read and cannot be served: a status for the error page.

  http::Method method = http::Method::kGet;
  std::string method_name;
  std::string uri;             // Normalised; rewriting changes it.
  std::string args;            // Without the '?'.
  bool valid_raw_uri = true;   // It is still the one that came.
  bool valid_location = true;  // ... and begins with its location: `rewrite ... break` ends that.
  std::string host;            // As server names are compared with it; "" without one.
  bool tls = false;
  bool internal = false;
  int redirects_left = kRedirectsMax;
  bool error_page_used = false;
  int error_status = 0;  // What error_page answers for.
  // What the error page's answer is given instead of its own status; -1: nothing.
  int answer_status = -1;
  bool keep_alive = true;
  bool lingers = true;
  bool body_read = false;
  bool body_discarded = false;
  BodyFile body_file;  // Where its body lies, for client_body_in_file_only.
  bool expect_said = false;
  bool header_sent = false;
  bool timed_out =
      false;              // The client was too slow, or gets no answer on purpose: reset_timedout_connection is for it.
  bool upgraded = false;  // Both sides speak what they like now.

  std::vector<std::string> captures;            // $0, $1 ... of the last expression that matched.
  std::vector<std::optional<std::string>> set;  // Variables that the configuration defines, by their number.
  std::string remote_user;
  bool remote_user_known = false;
  // By realip: whom the headers name. "" while they name nobody.
  std::string real_address;
  std::uint16_t real_port = 0;
  std::string limit_rate;  // Set by `set $limit_rate` or X-Accel-Limit-Rate.
  std::string limit_req_status, limit_conn_status, invalid_referer;
  double gzip_ratio = 0;
  std::vector<ConnectionZone::Slot> held_slots;  // Of limit_conn, until it ends.
  std::string proxy_host, proxy_port;
  std::string pass_url;    // Where it is passed to, for messages.
  std::string accel_type;  // The type that an answer with X-Accel-Redirect has named.
  std::string request_id_hex;

  std::uint64_t began_ns = 0;
  std::uint64_t began_wall_ms = 0;
  UpstreamFacts upstream;
  Response response;
  std::unique_ptr<BodyFilter> body_filter;  // Compresses or expands what is written.
  bool damaged = false;                     // ... and could not.
  Timer pause;

  // Lets go of all that it holds but memory.
  void clear();

 private:
  Client* client_ = nullptr;
  Signal* signal_ = nullptr;
  edge::Exchange* exchange_ = nullptr;
};

// Requests that have ended, with the memory of their texts, for those to come: of a connection that goes idle between
// two of them each would begin with dozens of allocations. Belongs to one thread.
class RequestPool {
 public:
  explicit RequestPool(Site& site) : site_(site) {}
  struct GiveBack {
    void operator()(Request* request) const;
  };
  using Handle = std::unique_ptr<Request, GiveBack>;
  Handle take(Client& client, Signal& signal, edge::Exchange& exchange);

 private:
  Site& site_;
  std::vector<std::unique_ptr<Request>> spare_;
};

// Lets so many milliseconds go by; false when the client has gone meanwhile.
Async<bool> pause(Request& request, std::uint64_t ms);

}  // namespace tierce::nginx
