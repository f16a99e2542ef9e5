// What may be said for all of the program, for http, and for http and a server.
#pragma once

#include "config/nginx/location_settings.h"

namespace tierce::config::nginx {

// Who serves when nobody says `user`, as nginx has it where it was not built otherwise.
inline constexpr std::string_view kUserOtherwise = "nobody";

struct MainSettings {
  Words user;  // A user, and maybe a group.
  Text worker_processes, pid, lock_file, working_directory, worker_connections, worker_priority, use;
  Flag daemon, master_process, multi_accept, accept_mutex;
  Number worker_rlimit_nofile;
  Size worker_rlimit_core;
  Milliseconds worker_shutdown_timeout;
  Words worker_cpu_affinity;
  std::vector<std::string> thread_pools;  // They have no effect, their names are held against those that aio says.
  std::vector<std::string> environment;
  std::vector<ErrorLog> error_logs;
};

struct LogFormat {
  std::string name;
  enum class Escape : std::uint8_t { kDefault, kJson, kNone };
  Escape escape = Escape::kDefault;
  TextValue text;
};

// map: a variable made of another.
struct MapEntry {
  std::string key;  // "" with `expression` set: ~ or ~*.
  Expression expression;
  TextValue value;
};
struct MapBlock {
  TextValue source;
  std::string variable;
  bool hostnames = false, of_each_use = false;
  std::vector<MapEntry> entries;
  std::optional<TextValue> fallback;
};

struct GeoBlock {
  std::string source;  // Variable with the address; "": $remote_addr's.
  std::string variable;
  bool ranges = false, proxy_recursive = false;
  std::vector<std::string> proxies;
  std::vector<std::pair<std::string, std::string>> entries;  // Network or range, and its value.
  std::string fallback;
};

struct SplitBlock {
  TextValue source;
  std::string variable;
  std::vector<std::pair<std::int64_t, TextValue>> parts;  // In hundredths of a percent; 0: the rest.
};

struct Zone {
  std::string name;
  std::int64_t bytes = 0;
  TextValue key;
  std::int64_t per_minute_thousandths = 0;  // Of limit_req_zone: requests a second times 1000.
  bool of_requests = false;
};

struct HttpSettings {
  std::vector<LogFormat> log_formats;
  std::vector<MapBlock> maps;
  std::vector<GeoBlock> geos;
  std::vector<SplitBlock> splits;
  std::vector<Zone> zones;
};

struct TlsServerSettings {
  std::vector<TextValue> certificates, keys;
  Text ciphers, client_certificate, trusted_certificate, crl, dhparam, ecdh_curve, password_file, stapling_file,
      stapling_responder, verify_client;
  Words protocols, session_cache;
  std::vector<std::string> session_ticket_keys;
  std::vector<Words> conf_commands;
  Flag on;
  Place on_place;  // Of the directive.
  Flag prefer_server_ciphers, session_tickets, stapling, stapling_verify, early_data, reject_handshake;
  Seconds session_timeout;
  Number verify_depth;
  Size buffer_size;
};

struct ServerSettings {
  Size client_header_buffer_size;
  std::optional<Buffers> large_client_header_buffers;
  Milliseconds client_header_timeout;
  Flag ignore_invalid_headers, merge_slashes, underscores_in_headers, http2;
  Number http2_max_concurrent_streams;
  TlsServerSettings tls;
};

}  // namespace tierce::config::nginx
