// What the edge is told: limits, timeouts, logs. Sizes in bytes, times in milliseconds; 0 means no limit
// where the comment says so. Names and defaults are nginx's where nginx has the setting (docs/limits.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "config/request_log_settings.h"
#include "config/route_settings.h"
#include "config/static_settings.h"
#include "os/error_log.h"

namespace tierce::config {

struct EdgeSettings {
  std::uint32_t request_line_bytes_max = 8192;  // large_client_header_buffers 4 8k
  std::uint32_t field_bytes_max = 8192;
  std::uint32_t fields_max = 100;  // gunicorn: limit_request_fields
  std::uint32_t head_bytes_max = 32768;
  bool underscores = false;                   // underscores_in_headers
  std::uint32_t variables_bytes_max = 65536;  // Of a request over uwsgi, FastCGI or SCGI; uWSGI: buffer-size.
  std::uint64_t body_bytes_max = 1u << 20;    // client_max_body_size; 0: no limit
  std::uint32_t body_buffer_bytes = 16384;    // client_body_buffer_size
  std::chrono::milliseconds header_timeout{60000};
  std::chrono::milliseconds body_timeout{60000};
  std::chrono::milliseconds keepalive_timeout{75000};
  std::chrono::milliseconds send_timeout{60000};
  std::uint32_t keepalive_requests = 1000;
  std::chrono::milliseconds request_timeout{30000};  // gunicorn: timeout; 0: none
  std::chrono::milliseconds queue_timeout{30000};
  std::uint32_t queue_limit = 1024;
  std::uint32_t connections_max = 0;                                 // 0: as many as RLIMIT_NOFILE allows
  std::vector<std::string> forwarded_allow_ips{"127.0.0.1", "::1"};  // Networks too; "*": everybody
  bool forwarded_from_unix = true;
  bool proxy_protocol = false;        // Connections of proxy_allow_from begin with a PROXY header.
  bool proxy_header_required = true;  // False: or with none, as Gunicorn and uWSGI have it.
  std::vector<std::string> proxy_allow_from{"127.0.0.1", "::1"};  // Like forwarded_allow_ips; unix sockets always.
  // A field of a trusted peer with this value means https; names and values in lower case.
  std::vector<std::pair<std::string, std::string>> secure_scheme_headers{
      {"x-forwarded-proto", "https"}, {"x-forwarded-protocol", "ssl"}, {"x-forwarded-ssl", "on"}};
  std::vector<Route> routes;
  StaticSettings files;                     // Served without asking the application.
  std::string added_fields;                 // Whole header lines, for every response but those that refuse a request.
  std::vector<std::string> removed_fields;  // Of the application's responses; in lower case.
  std::string server_name = "tierce";       // The Server header.
  std::string access_log = "-";             // Path, "-" for stdout, "" for none.
  std::string access_log_format;  // Gunicorn's language (config/access_log_format.h); "" is the combined format.
  UwsgiLine uwsgi_line;
  LoggedRequests logged;
  std::string error_log = "-";  // Path, "-" for stderr.
  os::LogLevel log_level = os::LogLevel::kInfo;
  std::string temp_dir = "/tmp";
  std::uint64_t temp_file_bytes_max = 1ull << 30;  // proxy_max_temp_file_size
  std::uint32_t threads = 1;
  std::chrono::milliseconds graceful_timeout{30000};
};

}  // namespace tierce::config
