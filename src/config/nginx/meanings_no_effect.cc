// Directives of http whose need is gone: each with the reason.
#include "config/nginx/meaning.h"

namespace tierce::config::nginx {
namespace {

struct Listed {
  std::string_view reason;
  std::string_view names;  // With blanks between them.
};
constexpr Listed kLists[] = {
    {"tables have the size that they need",
     "map_hash_bucket_size map_hash_max_size server_names_hash_bucket_size server_names_hash_max_size "
     "types_hash_bucket_size types_hash_max_size variables_hash_bucket_size variables_hash_max_size "
     "referer_hash_bucket_size referer_hash_max_size proxy_headers_hash_bucket_size proxy_headers_hash_max_size"},
    {"memory does not come from pools", "connection_pool_size request_pool_size"},
    {"a file is asked for when it is needed",
     "open_file_cache_errors open_file_cache_min_uses open_file_cache_valid open_file_cache_events "
     "open_log_file_cache"},
    {"the kernel knows better",
     "send_lowat read_ahead directio directio_alignment output_buffers postpone_output "
     "sendfile_max_chunk aio aio_write subrequest_output_buffer_size"},
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
  for (const auto& [reason, names] : kLists) {
    std::string_view rest = names;
    while (!rest.empty()) {
      const std::size_t end = rest.find(' ');
      made.push_back(
          {.name = std::string(rest.substr(0, end)), .help = std::string(reason), .answer = Answer::kNoEffect});
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  return made;
}

}  // namespace tierce::config::nginx
