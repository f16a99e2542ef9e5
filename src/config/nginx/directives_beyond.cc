// What nginx 1.22 as Debian builds it does not know: directives that came later (to 1.28), those of modules that are
// loaded from elsewhere, and tierce's own.
#include "config/nginx/directive_rows.h"

namespace tierce::config::nginx {
namespace {

using enum Context;
using std::string_view;

constexpr std::uint16_t kAnywhere = kHttp | kServer | kLocation;
constexpr std::uint16_t kAnyCount = kMore | 0xffu;

struct Listed {
  std::uint16_t contexts;
  std::uint16_t counts;
  Value value;
  string_view names;  // With blanks between them.
};

constexpr Listed kLists[] = {
    // Of nginx 1.23 to 1.28.
    {kHttp | kServer, words(1), Value::kFlag, "http2 http3 http3_hq quic_gso quic_retry"},
    {only(kMain), words(1), Value::kFlag, "quic_bpf"},
    {kHttp | kServer, words(1), Value::kNumber, "http3_max_concurrent_streams quic_active_connection_id_limit"},
    {kHttp | kServer, words(1), Value::kSize, "http3_stream_buffer_size"},
    {kHttp | kServer, words(1), Value::kOnce, "quic_host_key"},
    {kAnywhere, words(1), Value::kMilliseconds, "keepalive_min_timeout"},
    {kHttp | kServer, words_from(1), Value::kOnce, "ssl_certificate_cache"},
    {kAnywhere, words_from(1), Value::kOnce,
     "proxy_ssl_certificate_cache uwsgi_ssl_certificate_cache grpc_ssl_certificate_cache"},
    {only(kMain), words(1), Value::kFlag, "ssl_object_cache_inheritable"},
    {kAnywhere, words(1), Value::kFlag, "proxy_pass_trailers"},
    // Of modules of nginx that are loaded.
    {only(kMain), words(1), Value::kAny, "google_perftools_profiles"},
    {only(kHttp), words(1), Value::kAny, "perl_modules perl_require"},
    {kLocation | kLimitExcept, words(1), Value::kAny, "perl"},
    {only(kHttp), words(2), Value::kAny, "perl_set"},
    {only(kHttp), words(1) | words(2), Value::kAny, "geoip_country geoip_city geoip_org"},
    {only(kHttp), words(1), Value::kAny, "geoip_proxy"},
    {only(kHttp), words(1), Value::kFlag, "geoip_proxy_recursive"},
    {kAnywhere, words_from(1), Value::kAny, "image_filter"},
    {kAnywhere, words(1), Value::kSize, "image_filter_buffer"},
    {kAnywhere, words(1), Value::kFlag, "image_filter_interlace image_filter_transparency xslt_last_modified"},
    {kAnywhere, words(1), Value::kAny, "image_filter_jpeg_quality image_filter_sharpen image_filter_webp_quality"},
    {kAnywhere, words(1), Value::kOnce, "xml_entities"},
    {kAnywhere, words(2), Value::kAny, "xslt_param xslt_string_param"},
    {only(kLocation), words_from(1), Value::kAny, "xslt_stylesheet"},
    {kAnywhere, words_from(1), Value::kAny, "xslt_types"},
    // Of the Brotli and Zstandard modules.
    {kAnywhere | kIfInLocation, words(1), Value::kFlag, "brotli zstd"},
    {kAnywhere, words(1), Value::kOnce, "brotli_static zstd_static"},
    {kAnywhere, words(1), Value::kNumber, "brotli_comp_level zstd_comp_level"},
    {kAnywhere, words(1), Value::kSize, "brotli_min_length zstd_min_length brotli_window"},
    {kAnywhere, words(2), Value::kAny, "brotli_buffers zstd_buffers"},
    {kAnywhere, words_from(1), Value::kAny, "brotli_types zstd_types"},
    {only(kHttp), words(1), Value::kOnce, "zstd_dict_file"},
    // tierce's own.
    {kLocation | kIfInLocation, words(1), Value::kOnce, "wsgi_pass"},
    // Within stream and mail, which tierce does not have yet.
    {only(kStream), kAnyCount, Value::kAny,
     "pass preread_buffer_size preread_timeout proxy_download_rate proxy_half_close proxy_protocol_timeout "
     "proxy_requests "
     "proxy_responses proxy_ssl proxy_timeout proxy_upload_rate proxy_downstream_buffer proxy_upstream_buffer "
     "ssl_alpn ssl_handshake_timeout ssl_preread"},
    {only(kMail), kAnyCount, Value::kAny,
     "auth_http auth_http_header auth_http_pass_client_cert auth_http_timeout imap_auth imap_capabilities "
     "imap_client_buffer max_errors pop3_auth pop3_capabilities protocol proxy proxy_buffer proxy_pass_error_message "
     "proxy_smtp_auth smtp_auth smtp_capabilities smtp_client_buffer smtp_greeting_delay starttls timeout xclient"},
    {kStream | kMail, kAnyCount, Value::kAny, "proxy_protocol"},
};

std::vector<Directive> made() {
  std::vector<Directive> rows = {
      {"stream", only(kMain), words(0), Value::kAny, Block::kForeign},
      {"mail", only(kMain), words(0), Value::kAny, Block::kForeign},
  };
  for (const auto& [contexts, counts, value, names] : kLists) {
    string_view rest = names;
    while (!rest.empty()) {
      const std::size_t end = rest.find(' ');
      rows.push_back({rest.substr(0, end), contexts, counts, value});
      rest.remove_prefix(end == string_view::npos ? rest.size() : end + 1);
    }
  }
  // Of the one file of `tierce up` (config/chain/one_file.h); their lines are uWSGI's and supervisor's.
  for (const string_view name : {"app", "program", "group", "eventlistener"})
    rows.push_back({name, only(kMain), words(1), Value::kAny, Block::kLines});
  for (const string_view name : {"supervisord", "unix_http_server", "inet_http_server"})
    rows.push_back({name, only(kMain), words(0), Value::kOnce, Block::kLines});
  for (Directive& row : rows) row.beyond = true;
  return rows;
}

}  // namespace

std::span<const Directive> directives_beyond() {
  static const std::vector<Directive> rows = made();
  return rows;
}

}  // namespace tierce::config::nginx
