// Where a request is passed to: an upstream block, a single address, or what a text with variables says.
#include <fmt/format.h>

#include "nginx/dns_resolver.h"
#include "nginx/error_logs.h"
#include "nginx/passing.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {
constexpr std::chrono::milliseconds kResolverTimeout{30'000};  // nginx's.
}  // namespace

void Passing::name_place(const conf::Address& address, bool is_unix) {
  const std::uint16_t usual = over_tls_ ? 443 : 80;
  place_.scheme = over_tls_ ? "https" : "http";
  if (is_unix) {
    place_.host = "localhost";
    place_.port.clear();
  } else {
    place_.host = address.ipv6 ? "[" + address.host + "]" : address.host;
    if (address.port != usual) place_.host += fmt::format(":{}", address.port);
    place_.port = std::to_string(address.port);
  }
}

int Passing::take_text_target(const std::string& text) {
  std::string_view rest = text;
  const auto refuse = [&](std::string_view why) {
    log(Level::kError, fmt::format("{} \"{}\"", why, text));
    return 500;
  };
  std::uint16_t port = 0;
  if (how_.kind == PassHow::Kind::kHttp) {
    if (rest.starts_with("http://")) {
      rest.remove_prefix(7);
      port = 80;
    } else if (rest.starts_with("https://")) {
      rest.remove_prefix(8);
      over_tls_ = true;
      port = 443;
    } else {
      return refuse("invalid URL prefix in");
    }
  } else if (how_.kind == PassHow::Kind::kUwsgi && rest.starts_with("suwsgi://")) {
    over_tls_ = true;
    rest.remove_prefix(9);
  } else if (how_.kind == PassHow::Kind::kUwsgi && rest.starts_with("uwsgi://")) {
    rest.remove_prefix(8);
  }
  place_.has_variables = true;
  const std::string name(rest.substr(0, rest.find_first_of("/?")));
  if (!rest.starts_with("unix:")) group_ = request_.site.upstreams().find(name);
  if (group_ != nullptr) {
    place_.uri = rest.substr(name.size());
    name_place({.host = name, .port = static_cast<std::uint16_t>(over_tls_ ? 443 : 80)}, false);
    return kNext;
  }
  const auto address = conf::parse_upstream_address(rest, port);
  if (!address) return refuse("invalid host in upstream");
  place_.uri = address->uri;
  if (address->unix_path.empty() && address->port == 0) return refuse("no port in upstream");
  name_place(*address, !address->unix_path.empty());
  if (address->unix_path.empty() && request_.settings->resolver.empty() &&
      NameResolver::numeric(address->host, address->port).empty()) {
    log(Level::kError, fmt::format("no resolver defined to resolve {}", address->host));
    return 502;
  }
  if (address->has_host() && NameResolver::numeric(address->host, address->port).empty()) {
    name_ = address->host;
    name_port_ = address->port;
    group_ = request_.site.upstreams().of_address(*address, UpstreamGroup::Names::kGiven);
    return kNext;
  }
  group_ = request_.site.upstreams().of_address(*address);
  return kNext;
}

Async<int> Passing::resolve_name() {
  auto resolver = request_.site.resolver(request_.settings->resolver);
  if (!resolver) {
    log(Level::kError, fmt::format("{} could not be resolved ({})", name_, resolver.error().text()));
    co_return 502;
  }
  DnsResolver::Answer answer;
  bool there = false;
  auto alive = std::make_shared<bool>(true);
  request_.signal().clear(kResolved);
  const std::uint64_t question =
      (*resolver)->look_up(name_, request_.settings->resolver_timeout.value_or(kResolverTimeout),
                           [&answer, &there, signal = &request_.signal(), alive](const DnsResolver::Answer& found) {
                             if (!*alive) return;
                             answer = found;
                             there = true;
                             signal->raise(kResolved);
                           });
  if (!there) co_await request_.signal().until(kResolved | kGone);
  *alive = false;
  if (!there) {
    (*resolver)->forget(question);
    co_return kDone;
  }
  if (answer.addresses.empty()) {
    log(Level::kError, fmt::format("{} could not be resolved ({})", name_, answer.trouble));
    co_return 502;
  }
  for (PeerAddress& each : answer.addresses) each = NameResolver::with_port(each, name_port_);
  group_->set_addresses(std::move(answer.addresses));
  co_return kNext;
}

Async<int> Passing::find_place() {
  if (how_.app != nullptr) {
    const conf::Address address{.app = *how_.app};
    group_ = request_.site.upstreams().of_address(address);
    place_.host = *how_.app;
    request_.proxy_host = place_.host;
    request_.proxy_port = place_.port;
    co_return kNext;
  }
  const conf::PassTarget& target = *how_.settings->pass;
  over_tls_ = target.tls;
  switch (target.to) {
    case conf::PassTarget::To::kUpstream:
      group_ = request_.site.upstreams().find(target.upstream);
      name_place({.host = target.upstream, .port = static_cast<std::uint16_t>(over_tls_ ? 443 : 80)}, false);
      place_.port = over_tls_ ? "443" : "80";
      break;
    case conf::PassTarget::To::kAddress:
      group_ = request_.site.upstreams().of_address(target.address);
      name_place(target.address, !target.address.unix_path.empty());
      break;
    case conf::PassTarget::To::kText:
      if (const int outcome = take_text_target(request_.site.text(request_, target.text)); outcome != kNext)
        co_return outcome;
      break;
  }
  if (target.to != conf::PassTarget::To::kText) place_.uri = target.uri;
  request_.proxy_host = place_.host;
  request_.proxy_port = place_.port;
  if (group_ == nullptr) co_return 502;
  if (!name_.empty()) co_return co_await resolve_name();
  if (group_->peers().empty() && group_->resolving()) {
    // The first request for a name waits for its addresses.
    request_.signal().clear(kResolved);
    auto alive = std::make_shared<bool>(true);
    group_->when_resolved([signal = &request_.signal(), alive] {
      if (*alive) signal->raise(kResolved);
    });
    co_await request_.signal().until(kResolved | kGone);
    *alive = false;
    if (request_.signal().has(kGone)) co_return kDone;
  }
  co_return kNext;
}

}  // namespace tierce::nginx
