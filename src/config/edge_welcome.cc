#include "config/edge_welcome.h"

#include "config/settings_bytes.h"

namespace tierce::config {
namespace {

// Every member of EdgeSettings but routes and files.
template <typename Visitor, typename Settings>
void visit_settings(Visitor& visit, Settings& of) {
  visit(of.request_line_bytes_max, of.field_bytes_max, of.fields_max, of.head_bytes_max, of.underscores,
        of.variables_bytes_max, of.body_bytes_max, of.body_buffer_bytes);
  visit(of.header_timeout, of.body_timeout, of.keepalive_timeout, of.send_timeout, of.keepalive_requests,
        of.request_timeout, of.queue_timeout, of.queue_limit, of.connections_max);
  visit(of.forwarded_allow_ips, of.forwarded_from_unix, of.proxy_protocol, of.proxy_header_required,
        of.proxy_allow_from, of.secure_scheme_headers, of.added_fields, of.removed_fields, of.server_name);
  visit(of.access_log, of.access_log_format, of.error_log, of.log_level, of.temp_dir, of.temp_file_bytes_max,
        of.threads, of.graceful_timeout);
  auto& line = of.uwsgi_line;
  visit(line.used, line.format, line.micros, line.memory, line.forwarded_for, line.time_format, line.encoders);
  auto& logged = of.logged;
  visit(logged.all, logged.status_4xx, logged.status_5xx, logged.without_body, logged.files, logged.client_lost,
        logged.slow_ms, logged.big_bytes);
}

template <typename Visitor, typename Listener>
void visit_listener(Visitor& visit, Listener& of) {
  visit(of.is_unix, of.name, of.port, of.protocol, of.worker_number, of.address);
}

}  // namespace

std::string EdgeWelcome::pack() const {
  BytesWriter write;
  visit_settings(write, settings);
  write(id_base, port, ports, listeners.size());
  for (const WelcomeListener& listener : listeners) visit_listener(write, listener);
  return write.take();
}

Result<EdgeWelcome> EdgeWelcome::unpack(std::string_view bytes) {
  BytesReader read(bytes);
  EdgeWelcome welcome;
  visit_settings(read, welcome.settings);
  std::size_t count = 0;
  read(welcome.id_base, welcome.port, welcome.ports, count);
  for (std::size_t i = 0; i < count && i < bytes.size(); ++i) visit_listener(read, welcome.listeners.emplace_back());
  if (!read.whole()) return fail("the welcome of the application is of another version of tierce");
  return welcome;
}

std::string why_not_shared(const EdgeSettings& settings) {
  if (!settings.routes.empty()) return "it has routes, which its own edge follows";
  if (!settings.files.maps.empty()) return "it serves files, which its own edge sends";
  if (settings.proxy_protocol) return "its clients begin with a PROXY header";
  return {};
}

}  // namespace tierce::config
