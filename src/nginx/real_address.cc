#include "nginx/real_address.h"

#include <charconv>

#include "nginx/address_list.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

bool is_trusted(const conf::LocationSettings& settings, std::string_view address, bool is_unix) {
  const auto ip = parse_ip(address);
  for (const std::string& each : settings.real_ip_from) {
    if (each == "unix:") {
      if (is_unix) return true;
      continue;
    }
    const auto network = parse_network(each);
    if (ip && network && network->holds(*ip)) return true;
  }
  return false;
}

// "1.2.3.4", "1.2.3.4:80", "[::1]:80": address and port.
std::pair<std::string_view, std::uint16_t> address_and_port(std::string_view text) {
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return {text, 0};
    host = text.substr(1, end - 1);
    if (text.substr(end + 1).starts_with(':')) port = text.substr(end + 2);
  } else if (const std::size_t colon = text.find(':');
             colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  std::uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  return {host, number};
}

}  // namespace

void find_real_address(Request& request) {
  const conf::LocationSettings& settings = *request.settings;
  if (settings.real_ip_from.empty() || !request.real_address.empty()) return;
  const Peer& peer = request.client().peer();
  const std::string_view socket(peer.remote.address, peer.remote.address_bytes);
  if (!is_trusted(settings, socket, peer.is_unix)) return;
  const std::string header = settings.real_ip_header.value_or("X-Real-IP");
  std::string value;
  if (header == "proxy_protocol") {
    value = peer.proxy_address();
    request.real_port = peer.proxy_port();
  } else {
    std::string lower = header;
    for (char& c : lower) c = c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    request.site.variable(request, "http_" + lower, value);
  }
  if (value.empty()) return;
  std::string_view rest = value;
  std::string_view found;
  std::uint16_t port = request.real_port;
  for (;;) {
    rest = rest.substr(0, rest.find_last_not_of(" ,") + 1);
    const std::size_t comma = rest.find_last_of(" ,");
    const std::string_view last = http::trim_blanks(rest.substr(comma == std::string_view::npos ? 0 : comma + 1));
    const auto [host, given_port] = address_and_port(last);
    if (!parse_ip(host)) break;
    found = host;
    if (given_port != 0) port = given_port;
    if (comma == std::string_view::npos || !settings.real_ip_recursive.value_or(false)) break;
    if (!is_trusted(settings, host, false)) break;
    rest = rest.substr(0, comma);
  }
  if (found.empty()) return;
  request.real_address = found;
  request.real_port = port;
}

}  // namespace tierce::nginx
