#include "nginx/packed_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "nginx/accept_encoding.h"
#include "nginx/body_filter.h"
#include "nginx/guarded_open.h"
#include "nginx/paths.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

// kSend when there is such a file beside the one of the path.
int answer_with(Request& request, conf::StaticPacked when, bool taken, std::string_view ending,
                std::string_view coding) {
  if (when == conf::StaticPacked::kOff) return kNext;
  const bool sends = when == conf::StaticPacked::kAlways || taken;
  const bool varies = request.settings->gzip_vary.value_or(false);
  if (!sends && !varies) return kNext;
  const std::string path = file_path_of(request, request.uri) + std::string(ending);
  const char* call = nullptr;
  os::UniqueFd file = open_for(request, path, &call);
  if (!file) return kNext;
  struct stat info {};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return kNext;
  if (!sends) {
    // Another client would have got that file.
    request.response.fields.set("Vary", "vary", "Accept-Encoding");
    return kNext;
  }
  describe_file(request, std::move(file), info);
  request.response.fields.add("Content-Encoding", coding);
  if (varies) request.response.fields.set("Vary", "vary", "Accept-Encoding");
  // As in nginx no part of it is sent alone.
  request.response.ranges = false;
  return kSend;
}

}  // namespace

int answer_with_packed_file(Request& request) {
  const conf::LocationSettings& settings = *request.settings;
  if (!request.reads()) return kNext;
  const auto wanted = [](const conf::Compression& each) { return each.from_files.value_or(conf::StaticPacked::kOff); };
  const std::string_view accepted = request.field("accept-encoding");
  if (const int outcome = answer_with(request, wanted(settings.brotli), accepts_coding(accepted, "br"), ".br", "br");
      outcome != kNext)
    return outcome;
  if (const int outcome = answer_with(request, wanted(settings.zstd), accepts_coding(accepted, "zstd"), ".zst", "zstd");
      outcome != kNext)
    return outcome;
  if (wanted(settings.gzip) == conf::StaticPacked::kOff) return kNext;
  const bool taken = request.site.body_filters().takes_gzip(request);
  return answer_with(request, wanted(settings.gzip), taken, ".gz", "gzip");
}

}  // namespace tierce::nginx
