// What may be said for http, a server, a location and, in part, an if: each level has what it says itself until
// inherit() has given it what the levels around it say.
#pragma once

#include <map>
#include <memory>

#include "config/nginx/passing_settings.h"
#include "config/nginx/setting_types.h"

namespace tierce::config::nginx {

enum class Satisfy : std::uint8_t { kAll, kAny };
enum class IfModifiedSince : std::uint8_t { kOff, kExact, kBefore };
enum class LingeringClose : std::uint8_t { kOff, kOn, kAlways };
enum class ServerTokens : std::uint8_t { kOff, kOn, kBuild };
enum class InFile : std::uint8_t { kOff, kOn, kClean };
enum class StaticPacked : std::uint8_t { kOff, kOn, kAlways };
enum class IndexFormat : std::uint8_t { kHtml, kJson, kJsonp, kXml };

struct DocumentRoot {
  TextValue path;
  bool alias = false;
  // Of an alias: how much of a request's path it replaces. npos: all, the path is that of a captured file.
  std::size_t replaces = 0;
};

struct ErrorPage {
  std::vector<int> statuses;
  TextValue uri;
  // nullopt: the status stays; 0: that of the answer of `uri`.
  std::optional<int> answer_status;
};

struct TryFiles {
  std::vector<TextValue> candidates;  // One that ends with '/' is a directory.
  std::optional<TextValue> otherwise;
  int status = 0;  // Instead of `otherwise`: =404.
};

struct AccessLog {
  TextValue path;
  std::string format;
  bool syslog = false;
  Size buffer;
  Milliseconds flush;
  int gzip_level = 0;  // 0: not packed.
  std::optional<TextValue> condition;
};

struct ErrorLog {
  std::string target;  // A file, "stderr", "syslog:...", "memory:...".
  std::string level;
};

struct Expires {
  enum class Kind : std::uint8_t { kOff, kEpoch, kMax, kFromNow, kFromModified, kAtTimeOfDay, kText, kModifiedText };
  Kind kind = Kind::kOff;
  std::chrono::seconds time{0};
  TextValue text;  // Of kText and, for times of files, kModifiedText: known for each request.
};

// One of allow and deny; the first that fits decides.
struct AccessRule {
  bool allow = false;
  std::string network;  // "all", "unix:", an address, a network.
};

struct LimitRequests {
  std::string zone;
  std::int64_t burst = 0, delay = 0;
  bool no_delay = false;
};
struct LimitConnections {
  std::string zone;
  std::int64_t count = 0;
};

struct KeepaliveTimeout {
  std::chrono::milliseconds time{0};
  std::chrono::seconds in_header{0};  // 0: no such header.
};

struct Assignment {
  std::string variable;
  TextValue value;
};

// gzip, brotli and zstd.
struct Compression {
  Flag on;
  Number level;
  Size min_length;
  Words types;
  std::optional<Buffers> buffers;
  std::optional<StaticPacked> from_files;
  Size window;
};

struct LocationSettings {
  // Where files are, and which.
  std::optional<DocumentRoot> root;
  std::vector<TextValue> index;
  std::optional<TryFiles> try_files;
  std::optional<std::map<std::string, std::string, std::less<>>> types;  // Content type by ending.
  Text default_type;
  Flag log_not_found, etag, autoindex, autoindex_exact_size, autoindex_localtime;
  std::optional<IndexFormat> autoindex_format;
  std::optional<IfModifiedSince> if_modified_since;
  Number max_ranges;
  Words disable_symlinks, open_file_cache;
  Text charset;
  Words charset_types;
  Flag override_charset;

  // How clients are treated.
  Size client_max_body_size, client_body_buffer_size;
  std::optional<InFile> client_body_in_file_only;
  Words client_body_temp_path;
  Milliseconds client_body_timeout, send_timeout, lingering_time, lingering_timeout, keepalive_time, resolver_timeout,
      auth_delay;
  std::optional<KeepaliveTimeout> keepalive_timeout;
  Number keepalive_requests;
  Words keepalive_disable;
  std::optional<LingeringClose> lingering_close;
  Flag reset_timedout_connection, tcp_nodelay, sendfile, chunked_transfer_encoding;
  std::optional<TextValue> limit_rate, limit_rate_after;
  Words resolver;

  // What is answered.
  std::vector<ErrorPage> error_pages;
  Flag recursive_error_pages, msie_padding, msie_refresh, absolute_redirect, port_in_redirect, server_name_in_redirect;
  std::optional<ServerTokens> server_tokens;
  std::vector<NamedText> add_headers, add_trailers;
  std::optional<Expires> expires;
  Compression gzip, brotli, zstd;
  Text gzip_http_version;
  Words gzip_proxied, gzip_disable;
  Flag gzip_vary, gunzip;
  bool empty_gif = false, stub_status = false, internal = false;

  // Who may.
  std::optional<Satisfy> satisfy;
  std::vector<AccessRule> access;
  std::optional<TextValue> auth_basic, auth_basic_user_file;
  Text auth_request;  // "off" too.
  std::vector<Assignment> auth_request_set;
  std::vector<std::string> real_ip_from;
  Text real_ip_header;
  Flag real_ip_recursive;
  std::vector<LimitRequests> limit_requests;
  std::vector<LimitConnections> limit_connections;
  Number limit_req_status, limit_conn_status;
  Text limit_req_log_level, limit_conn_log_level;
  Flag limit_req_dry_run, limit_conn_dry_run;
  Words valid_referers;

  // What is written down. nullopt: not said; an empty list: off.
  std::optional<std::vector<AccessLog>> access_logs;
  std::vector<ErrorLog> error_logs;
  Flag log_subrequest, rewrite_log;

  // Who else answers.
  ProxySettings proxy;
  UwsgiSettings uwsgi;
  FastcgiSettings fastcgi;
  ScgiSettings scgi;
  Text wsgi_pass;                      // An application of this tierce.
  std::vector<NamedText> wsgi_params;  // What it is told where uwsgi_param says nothing: what uwsgi_params has.
};

}  // namespace tierce::config::nginx
