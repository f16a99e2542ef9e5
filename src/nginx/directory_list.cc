#include "nginx/directory_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "nginx/error_logs.h"
#include "nginx/guarded_open.h"
#include "nginx/index_page.h"
#include "nginx/paths.h"
#include "nginx/site.h"

namespace tierce::nginx {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

int minutes_ahead_of_utc(std::time_t now) {
  std::tm local{};
  ::localtime_r(&now, &local);
  return static_cast<int>(local.tm_gmtoff / 60);
}

}  // namespace

int answer_with_list(Request& request) {
  const conf::LocationSettings& settings = *request.settings;
  const std::string path = file_path_of(request, request.uri);
  const char* call = "opendir()";
  os::UniqueFd opened = open_for(request, path, &call);
  const std::unique_ptr<DIR, CloseDirectory> directory(opened ? ::fdopendir(opened.get()) : nullptr);
  if (directory != nullptr) {
    static_cast<void>(std::move(opened).release());
  } else {
    const int error = errno;
    request.site.error_logs().line(
        error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG ? Level::kError : Level::kCrit, request,
        fmt::format("opendir() \"{}\" failed ({}: {})", path, error, std::strerror(error)));  // NOLINT
    if (error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG || error == ELOOP) return 404;
    return error == EACCES ? 403 : 500;
  }
  std::vector<IndexEntry> entries;
  while (const dirent* each = ::readdir(directory.get())) {  // NOLINT: one directory, one thread
    if (each->d_name[0] == '.') continue;
    struct stat info {};
    if (::fstatat(::dirfd(directory.get()), each->d_name, &info, 0) != 0 &&
        ::fstatat(::dirfd(directory.get()), each->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    using Kind = IndexEntry::Kind;
    entries.push_back({.name = each->d_name,
                       .kind = S_ISDIR(info.st_mode)   ? Kind::kDirectory
                               : S_ISREG(info.st_mode) ? Kind::kFile
                                                       : Kind::kOther,
                       .bytes = info.st_size,
                       .modified = info.st_mtime});
  }
  IndexLook look;
  look.format = settings.autoindex_format.value_or(conf::IndexFormat::kHtml);
  look.exact_size = settings.autoindex_exact_size.value_or(true);
  look.utf8 =
      settings.charset && http::equals_ignoring_case(*settings.charset, "utf-8") && settings.charset->size() == 5;
  if (settings.autoindex_localtime.value_or(false))
    look.minutes_ahead = minutes_ahead_of_utc(request.site.loop().wall());
  std::string callback;
  if (look.format == conf::IndexFormat::kJsonp) {
    request.site.variable(request, "arg_callback", callback);
    if (!callback.empty() && !is_callback(callback)) {
      request.site.error_logs().line(Level::kInfo, request,
                                     fmt::format("client sent invalid callback name: \"{}\"", callback));
      return 400;
    }
    look.callback = callback;
  }
  Response& response = request.response;
  response.restart();
  response.status = 200;
  const std::string_view type = index_content_type(look);
  response.content_type = type;
  response.set_text(index_page(request.uri, std::move(entries), look));
  // nginx makes the page while it sends it: its length is not known.
  response.content_length = -1;
  if (type == "text/xml") response.charset = "utf-8";
  return kSend;
}

}  // namespace tierce::nginx
