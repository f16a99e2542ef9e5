// How requests are handed on: what proxy, uwsgi, FastCGI and SCGI have in common, and what each has alone.
#pragma once

#include "config/nginx/expression.h"
#include "config/nginx/reader.h"
#include "config/nginx/setting_types.h"

namespace tierce::config::nginx {

// TLS to the server that is passed to.
struct PassingTls {
  Text certificate, certificate_key, ciphers, crl, trusted_certificate, password_file;
  std::optional<TextValue> name;
  Flag server_name, session_reuse, verify;
  Number verify_depth;
  Words protocols;
  std::vector<Words> conf_commands;
};

// Where to: one of the three.
struct PassTarget {
  enum class To : std::uint8_t { kAddress, kUpstream, kText };
  To to = To::kAddress;
  Address address;
  std::string upstream;  // Name of an upstream block.
  TextValue text;        // With variables: known for each request.
  bool tls = false;      // https://, suwsgi://
  Place place;
  std::string uri;  // proxy_pass with a URI part: what the location's prefix becomes.
  std::string url;  // Of proxy_pass without variables: all of it, as it was written.
};

struct PassingSettings {
  std::optional<PassTarget> pass;
  Milliseconds connect_timeout, send_timeout, read_timeout, next_upstream_timeout;
  Number next_upstream_tries;
  Words next_upstream, hide_headers, pass_headers, ignore_headers;
  Flag buffering, request_buffering, ignore_client_abort, intercept_errors, pass_request_headers, pass_request_body,
      socket_keepalive, force_ranges;
  Size buffer_size, busy_buffers_size, max_temp_file_size, temp_file_write_size, limit_rate;
  std::optional<Buffers> buffers;
  Words temp_path, bind;
  // proxy_set_header; uwsgi_param, fastcgi_param, scgi_param.
  std::vector<NamedText> set;
  PassingTls tls;
};

struct Replacement {
  TextValue from;
  Expression expression;  // When it is one: ~ or ~*.
  TextValue to;
};

// proxy_cookie_flags: the cookie that is meant, and "secure", "nohttponly", "samesite=lax" and their kin.
struct CookieFlags {
  TextValue name;
  Expression expression;  // When it is one: letters do not matter.
  std::vector<TextValue> flags;
};

struct ProxySettings {
  PassingSettings passing;
  std::optional<TextValue> method, body;
  Text http_version;
  // nullopt: not said. An empty list: off. What `proxy_redirect default` means stands among the others.
  std::optional<std::vector<Replacement>> redirect, cookie_domain, cookie_path;
  std::optional<std::vector<CookieFlags>> cookie_flags;
};

struct UwsgiSettings {
  PassingSettings passing;
  Number modifier1, modifier2;
};

struct FastcgiSettings {
  PassingSettings passing;
  std::optional<TextValue> index;
  std::optional<Expression> split_path_info;
  Flag keep_conn;
  Words catch_stderr;
  Size send_lowat;
};

struct ScgiSettings {
  PassingSettings passing;
};

struct UpstreamServer {
  Address address;
  std::string name;  // As it was written: the ring of a consistent hash is made of it.
  std::int64_t weight = 1, max_conns = 0, max_fails = 1;
  std::chrono::seconds fail_timeout{10};
  bool backup = false, down = false;
  Place place;
};

struct UpstreamSettings {
  std::string name;
  std::vector<UpstreamServer> servers;
  enum class Balance : std::uint8_t { kRoundRobin, kIpHash, kLeastConn, kHash, kConsistentHash, kRandom, kRandomTwo };
  Balance balance = Balance::kRoundRobin;
  std::optional<TextValue> hash_key;
  Words zone;
  Number keepalive, keepalive_requests;
  Milliseconds keepalive_time, keepalive_timeout;
};

}  // namespace tierce::config::nginx
