#include "config/nginx/consistency.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tierce::config::nginx {
namespace {

using std::string_view;

std::int64_t bytes_or(const Size& size, std::int64_t otherwise) { return size ? size->bytes : otherwise; }

std::string too_small(string_view kind, string_view name, string_view otherwise = "") {
  return fmt::format(
      "\"{0}_{1}\" must be {2}equal to or greater than the maximum of the value of \"{0}_buffer_size\" and one of the "
      "\"{0}_buffers\"",
      kind, name, otherwise);
}

bool is_upstream(const Model& model, string_view name) {
  return std::any_of(model.upstreams.begin(), model.upstreams.end(),
                     [&](const auto& each) { return each->name == name; });
}

}  // namespace

std::optional<std::string> wrong_buffers(const PassingSettings& passing, string_view kind) {
  if (!passing.buffers || !passing.buffer_size) return std::nullopt;
  const Buffers& buffers = *passing.buffers;
  if (buffers.count < 2) return fmt::format("there must be at least 2 \"{}_buffers\"", kind);
  const std::int64_t largest = std::max(bytes_or(passing.buffer_size, 0), buffers.bytes);
  const std::int64_t busy = bytes_or(passing.busy_buffers_size, 2 * largest);
  if (busy < largest) return too_small(kind, "busy_buffers_size");
  if (busy > (buffers.count - 1) * buffers.bytes) {
    return fmt::format("\"{0}_busy_buffers_size\" must be less than the size of all \"{0}_buffers\" minus one buffer",
                       kind);
  }
  if (bytes_or(passing.temp_file_write_size, largest) < largest) return too_small(kind, "temp_file_write_size");
  const std::int64_t file = bytes_or(passing.max_temp_file_size, 0);
  if (file != 0 && file < largest)
    return too_small(kind, "max_temp_file_size", "equal to zero to disable temporary files usage or must be ");
  return std::nullopt;
}

std::optional<std::string> missing_zone(const LocationSettings& location, const HttpSettings& http) {
  const auto is_made = [&](const std::string& name, bool of_requests) {
    return std::any_of(http.zones.begin(), http.zones.end(),
                       [&](const Zone& zone) { return zone.name == name && zone.of_requests == of_requests; });
  };
  for (const LimitRequests& limit : location.limit_requests) {
    if (!is_made(limit.zone, true))
      return fmt::format("zero size shared memory zone \"{}\": no limit_req_zone makes it", limit.zone);
  }
  for (const LimitConnections& limit : location.limit_connections) {
    if (!is_made(limit.zone, false))
      return fmt::format("zero size shared memory zone \"{}\": no limit_conn_zone makes it", limit.zone);
  }
  return std::nullopt;
}

std::optional<std::string> port_of_upstream(const PassingSettings& passing, const Model& model) {
  if (!passing.pass || passing.pass->to != PassTarget::To::kAddress || !passing.pass->address.unix_path.empty())
    return std::nullopt;
  const Address& address = passing.pass->address;
  if (!is_upstream(model, address.host)) return std::nullopt;
  return fmt::format("upstream \"{}\" may not have port {}", address.host, address.port);
}

std::optional<Contradiction> missing_port(const LocationSettings& location, const Model& model) {
  for (const PassingSettings* passing : {&location.uwsgi.passing, &location.fastcgi.passing, &location.scgi.passing}) {
    if (!passing->pass || passing->pass->to != PassTarget::To::kUpstream) continue;
    const std::string& name = passing->pass->upstream;
    if (!is_upstream(model, name))
      return Contradiction{passing->pass->place, fmt::format("no port in upstream \"{}\"", name)};
  }
  return std::nullopt;
}

std::optional<std::string> wrong_header_buffers(const ServerSettings& server) {
  constexpr std::int64_t kPool = 512;  // connection_pool_size, unless somebody says another one.
  if (!server.large_client_header_buffers || server.large_client_header_buffers->bytes >= kPool) return std::nullopt;
  return "the \"large_client_header_buffers\" size must be equal to or greater than \"connection_pool_size\"";
}

std::optional<std::string> unverifiable(const PassingSettings& passing, string_view kind) {
  if (!passing.pass || !passing.tls.verify.value_or(false)) return std::nullopt;
  const bool over_tls = passing.pass->tls || passing.pass->to == PassTarget::To::kText;
  const auto& trusted = passing.tls.trusted_certificate;
  if (!over_tls || (trusted && !trusted->empty())) return std::nullopt;
  return fmt::format("no {0}_ssl_trusted_certificate for {0}_ssl_verify", kind);
}

std::optional<std::string> nobody_is_valid(const LocationSettings& location) {
  const Words& words = location.valid_referers;
  const auto is_missing = [](const std::string& word) { return word == "none" || word == "blocked"; };
  const auto is_name = [&](const std::string& word) { return !is_missing(word) && !word.starts_with('~'); };
  if (std::none_of(words.begin(), words.end(), is_missing) || std::any_of(words.begin(), words.end(), is_name))
    return std::nullopt;
  return "the \"none\" or \"blocked\" referers are specified in the \"valid_referers\" directive without any valid "
         "referer";
}

std::optional<std::string> contradiction(const LocationSettings& location, const HttpSettings& http,
                                         const Model& model) {
  struct Way {
    string_view kind;
    const PassingSettings* passing;
  };
  for (const Way& way : std::to_array<Way>({{"proxy", &location.proxy.passing},
                                            {"uwsgi", &location.uwsgi.passing},
                                            {"fastcgi", &location.fastcgi.passing},
                                            {"scgi", &location.scgi.passing}})) {
    if (auto wrong = port_of_upstream(*way.passing, model)) return wrong;
    if (auto wrong = wrong_buffers(*way.passing, way.kind)) return wrong;
    if (auto wrong = unverifiable(*way.passing, way.kind)) return wrong;
  }
  if (auto wrong = nobody_is_valid(location)) return wrong;
  return missing_zone(location, http);
}

}  // namespace tierce::config::nginx
