#include "config/nginx/model.h"

namespace tierce::config::nginx {

namespace {

bool passes(const LocationSettings& settings) {
  return settings.proxy.passing.pass || settings.uwsgi.passing.pass || settings.fastcgi.passing.pass ||
         settings.scgi.passing.pass || settings.wsgi_pass;
}

}  // namespace

void inherit_handler(LocationSettings& inner, const LocationSettings& outer) {
  if (passes(inner)) return;
  inner.proxy.passing.pass = outer.proxy.passing.pass;
  inner.uwsgi.passing.pass = outer.uwsgi.passing.pass;
  inner.fastcgi.passing.pass = outer.fastcgi.passing.pass;
  inner.scgi.passing.pass = outer.scgi.passing.pass;
  inner.wsgi_pass = outer.wsgi_pass;
  inner.wsgi_params = outer.wsgi_params;
}

bool passes_on(const Location& location) { return passes(location.settings); }

const Listener* find_listener(const Model& model, const Address& local) {
  const Listener* of_all = nullptr;
  for (const Listener& listener : model.listeners) {
    const Address& address = listener.address;
    if (address.text() == local.text()) return &listener;
    if (address.wildcard && address.port == local.port && address.ipv6 == local.ipv6) of_all = &listener;
  }
  return of_all;
}

const Server& choose_server(const Listener& listener, std::string_view host, const Regex** by) {
  const auto found = listener.names.find(host, by);
  return found ? *listener.servers[*found] : *listener.fallback;
}

}  // namespace tierce::config::nginx
