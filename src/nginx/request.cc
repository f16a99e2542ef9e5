#include "nginx/request.h"

#include "nginx/body_filter.h"
#include "nginx/site.h"
#include "os/clock.h"

namespace tierce::nginx {

Request::Request(Site& at) : site(at) {}
Request::~Request() = default;

void Request::clear() {
  parent = nullptr;
  inside_if = nullptr;
  refused = 0;
  method_name.clear();
  uri.clear();
  args.clear();
  host.clear();
  valid_raw_uri = valid_location = true;
  internal = tls = false;
  redirects_left = kRedirectsMax;
  error_page_used = false;
  error_status = 0;
  answer_status = -1;
  keep_alive = lingers = true;
  body_read = body_discarded = expect_said = header_sent = upgraded = timed_out = false;
  body_file.forget();
  captures.clear();
  set.clear();
  remote_user.clear();
  remote_user_known = false;
  real_address.clear();
  real_port = 0;
  limit_rate.clear();
  limit_req_status.clear();
  limit_conn_status.clear();
  invalid_referer.clear();
  gzip_ratio = 0;
  held_slots.clear();
  damaged = false;
  proxy_host.clear();
  proxy_port.clear();
  pass_url.clear();
  accel_type.clear();
  request_id_hex.clear();
  upstream.attempts.clear();
  upstream.fields.clear();
  response.clear();
  body_filter.reset();
  pause.cancel();
}

void Request::begin(const conf::Listener& at) {
  clear();
  listener = &at;
  server = at.fallback;
  enter_server();
  began_ns = os::monotonic_ns();
  began_wall_ms = site.loop().wall_ms();
}

void Request::enter_server() {
  location = &server->root;
  settings = &server->root.settings;
}

void Request::enter(const conf::Location& chosen) {
  location = &chosen;
  settings = &chosen.settings;
}

bool Request::choose_server() {
  const Regex* by = nullptr;
  static_cast<void>(Regex::gave_up());
  server = &conf::choose_server(*listener, host, &by);
  if (Regex::gave_up()) return false;
  if (by != nullptr) take_captures(*by, host);
  enter_server();
  return true;
}

void Request::take_captures(const Regex& regex, std::string_view subject) {
  const std::size_t groups = regex.groups();
  captures.resize(groups);
  for (std::size_t i = 0; i < groups; ++i) captures[i] = regex.group(subject, i);
  for (const auto& [name, group] : regex.names()) {
    const Variable& variable = site.variables().at(site.variables().slot_of(name));
    if (!variable.stored || group >= groups) continue;
    if (set.size() <= variable.number) set.resize(site.variables().stored_count());
    set[variable.number] = captures[group];
  }
}

RequestPool::Handle RequestPool::take(Client& client, Signal& signal, edge::Exchange& exchange) {
  if (spare_.empty()) spare_.push_back(std::make_unique<Request>(site_));
  Handle request(spare_.back().release());
  spare_.pop_back();
  request->bind(client, signal, exchange);
  return request;
}

void RequestPool::GiveBack::operator()(Request* request) const {
  constexpr std::size_t kSpare = 128;
  std::unique_ptr<Request> owned(request);
  std::vector<std::unique_ptr<Request>>& spare = request->site.requests().spare_;
  if (spare.size() >= kSpare) return;
  owned->clear();
  spare.push_back(std::move(owned));
}

Async<bool> pause(Request& request, std::uint64_t ms) {
  Loop& loop = request.site.loop();
  request.signal().clear(kPause);
  loop.timers().arm(request.pause, loop.now_ns() + ms * 1'000'000, &request.signal(),
                    [](void* signal) { static_cast<Signal*>(signal)->raise(kPause); });
  co_await request.signal().until(kPause | kGone);
  request.pause.cancel();
  co_return !request.signal().has(kGone);
}

}  // namespace tierce::nginx
