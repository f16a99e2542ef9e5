// Directives of http whose need is gone: each with the reason.
#include <fmt/format.h>

#include "config/nginx/interpreter.h"
#include "config/nginx/meaning.h"
#include "config/nginx/reader.h"
#include "config/nginx/values.h"

namespace tierce::config::nginx {
namespace {

using std::string_view;

// Of a module that is not there: what turns it off.
template <const char* Off>
Done only_off(Interpreter&, Level&, const Node& node) {
  if (node.words.size() == 2 && node.words[1] == Off) return {};
  return fail(Error(not_built_yet(node.words.front())));
}
constexpr char kOff[] = "off";
constexpr char kZero[] = "0";

Done open_log_file_cache(Interpreter&, Level&, const Node& node) {
  bool off = false, sized = false;
  for (std::size_t i = 1; i < node.words.size(); ++i) {
    const string_view word = node.words[i];
    const bool good = word == "off" || (word.starts_with("max=") && parse_number(word.substr(4))) ||
                      (word.starts_with("inactive=") && parse_time(word.substr(9), false)) ||
                      (word.starts_with("min_uses=") && parse_number(word.substr(9))) ||
                      (word.starts_with("valid=") && parse_time(word.substr(6), false));
    if (!good) return fail(Error(fmt::format("invalid \"open_log_file_cache\" parameter \"{}\"", word)));
    off = off || word == "off";
    sized = sized || (word.starts_with("max=") && parse_number(word.substr(4)).value_or(0) > 0);
  }
  if (!off && !sized) return fail("\"open_log_file_cache\" must have \"max\" parameter");
  return {};
}

Done pool_size(Interpreter&, Level&, const Node& node) {
  constexpr std::int64_t kLeast = 112, kStep = 16;  // nginx's.
  const auto size = parse_size(node.words[1], false);
  if (!size) return fail(Error(fmt::format("\"{}\" directive invalid value", node.words.front())));
  if (*size < kLeast) return fail(Error(fmt::format("the pool size must be no less than {}", kLeast)));
  if (*size % kStep != 0) return fail(Error(fmt::format("the pool size must be a multiple of {}", kStep)));
  return {};
}

Done output_buffers(Interpreter&, Level&, const Node& node) {
  if (parse_number(node.words[1]).value_or(0) == 0 || parse_size(node.words[2], false).value_or(0) == 0)
    return fail("\"output_buffers\" directive invalid value");
  return {};
}

Done aio(Interpreter& in, Level&, const Node& node) {
  const string_view word = node.words[1];
  if (word.starts_with("threads=") && word.find('$') == string_view::npos)
    in.use_thread_pool(std::string(word.substr(8)), node.place);
  if (word == "off" || word == "threads" || word.starts_with("threads=")) return {};
  if (word == "on") return fail("\"aio on\" is unsupported on this platform");
  return fail("\"aio\" directive invalid value");
}

struct Listed {
  std::string_view reason;
  std::string_view names;  // With blanks between them.
  Apply looks = nullptr;   // At their words.
};
constexpr Listed kLists[] = {
    {"tables have the size that they need",
     "map_hash_bucket_size map_hash_max_size server_names_hash_bucket_size server_names_hash_max_size "
     "types_hash_bucket_size types_hash_max_size variables_hash_bucket_size variables_hash_max_size "
     "referer_hash_bucket_size referer_hash_max_size proxy_headers_hash_bucket_size proxy_headers_hash_max_size"},
    {"memory does not come from pools", "connection_pool_size request_pool_size", pool_size},
    {"a file is asked for when it is needed",
     "open_file_cache_errors open_file_cache_min_uses open_file_cache_valid open_file_cache_events"},
    {"log files stay open; one whose name has variables is opened when it is needed", "open_log_file_cache",
     open_log_file_cache},
    {"the kernel knows better",
     "send_lowat read_ahead directio directio_alignment postpone_output "
     "sendfile_max_chunk aio_write subrequest_output_buffer_size"},
    {"the kernel knows better", "output_buffers", output_buffers},
    {"the kernel knows better", "aio", aio},
    {"a body that is in memory lies in one piece anyway", "client_body_in_single_buffer"},
    {"a head always goes out with the beginning of its body", "tcp_nopush"},
    {"the unpacked body has one buffer, which goes out as it fills", "gunzip_buffers"},
    {"`off` is how it is; another value is not built yet",
     "proxy_cache uwsgi_cache fastcgi_cache scgi_cache proxy_store uwsgi_store fastcgi_store scgi_store ssi mirror "
     "userid dav_methods random_index create_full_put_path",
     only_off<kOff>},
    {"`0` is how it is; another value is not built yet", "slice", only_off<kZero>},
    {"answers are not cached",
     "proxy_cache_bypass proxy_no_cache proxy_cache_key proxy_cache_valid proxy_cache_methods proxy_cache_min_uses "
     "proxy_cache_use_stale proxy_cache_lock proxy_cache_lock_age proxy_cache_lock_timeout proxy_cache_revalidate "
     "proxy_cache_background_update proxy_cache_convert_head proxy_cache_max_range_offset "
     "uwsgi_cache_bypass uwsgi_no_cache uwsgi_cache_key uwsgi_cache_valid uwsgi_cache_methods uwsgi_cache_min_uses "
     "uwsgi_cache_use_stale uwsgi_cache_lock uwsgi_cache_lock_age uwsgi_cache_lock_timeout uwsgi_cache_revalidate "
     "uwsgi_cache_background_update uwsgi_cache_max_range_offset "
     "fastcgi_cache_bypass fastcgi_no_cache fastcgi_cache_key fastcgi_cache_valid fastcgi_cache_methods "
     "fastcgi_cache_min_uses fastcgi_cache_use_stale fastcgi_cache_lock fastcgi_cache_lock_age "
     "fastcgi_cache_lock_timeout fastcgi_cache_revalidate fastcgi_cache_background_update "
     "fastcgi_cache_max_range_offset "
     "scgi_cache_bypass scgi_no_cache scgi_cache_key scgi_cache_valid scgi_cache_methods scgi_cache_min_uses "
     "scgi_cache_use_stale scgi_cache_lock scgi_cache_lock_age scgi_cache_lock_timeout scgi_cache_revalidate "
     "scgi_cache_background_update scgi_cache_max_range_offset"},
    {"answers are not stored", "proxy_store_access uwsgi_store_access fastcgi_store_access scgi_store_access"},
    {"without `ssi on`",
     "ssi_types ssi_value_length ssi_silent_errors ssi_last_modified ssi_min_file_chunk ssi_ignore_recycled_buffers"},
    {"without a `mirror`", "mirror_request_body"},
    {"without `userid on`",
     "userid_domain userid_expires userid_flags userid_mark userid_name userid_p3p userid_path userid_service"},
    {"without `dav_methods`", "dav_access min_delete_depth"},
    {"without a `sub_filter`", "sub_filter_once sub_filter_last_modified sub_filter_types"},
    {"without add_before_body and add_after_body", "addition_types"},
    {"nginx has given it up itself",
     "http2_push http2_push_preload http2_max_concurrent_pushes http2_idle_timeout http2_max_field_size "
     "http2_max_header_size http2_max_requests http2_recv_timeout http2_pool_size"},
    {"HTTP/2 has the sizes that suit the edge",
     "http2_body_preread_size http2_chunk_size http2_recv_buffer_size http2_streams_index_size"},
    {"the packing library decides", "gzip_hash gzip_window gzip_no_buffer postpone_gzipping"},
    {"a variable that was never set is empty without a line in the log", "uninitialized_variable_warn"},
};

}  // namespace

Meanings no_effect_meanings() {
  Meanings made;
  for (const auto& [reason, names, looks] : kLists) {
    std::string_view rest = names;
    while (!rest.empty()) {
      const std::size_t end = rest.find(' ');
      made.push_back({.name = std::string(rest.substr(0, end)),
                      .help = std::string(reason),
                      .answer = Answer::kNoEffect,
                      .apply = looks});
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  return made;
}

}  // namespace tierce::config::nginx
