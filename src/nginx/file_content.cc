// A location without anybody to pass requests on to: index, list and file of the path.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "http/conditional.h"
#include "nginx/contents.h"
#include "nginx/directory_list.h"
#include "nginx/error_logs.h"
#include "nginx/guarded_open.h"
#include "nginx/packed_files.h"
#include "nginx/paths.h"
#include "nginx/phases.h"
#include "nginx/site.h"
#include "nginx/small_files.h"

namespace tierce::nginx {
namespace {

void log_trouble(Request& request, Level level, std::string_view what, const std::string& path, int error) {
  request.site.error_logs().line(
      level, request,
      fmt::format("{} \"{}\" failed ({}: {})", what, path, error, std::strerror(error)));  // NOLINT: one thread's text
}

int status_of_trouble(Request& request, std::string_view what, const std::string& path, int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
      if (request.settings->log_not_found.value_or(true)) log_trouble(request, Level::kError, what, path, error);
      return 404;
    case EACCES:
    case ELOOP:
      log_trouble(request, Level::kError, what, path, error);
      return 403;
    default:
      log_trouble(request, Level::kCrit, what, path, error);
      return 500;
  }
}

int nothing_found(Request& request, const std::string& path, int error) {
  if (request.settings->log_not_found.value_or(true)) {
    request.site.error_logs().line(Level::kError, request,
                                   fmt::format("\"{}\" is not found ({}: {})", path, error, std::strerror(error)));
  }
  return 404;
}

// The path ends with a slash: one of the files of `index` takes its place.
int answer_with_index(Request& request) {
  const conf::LocationSettings& settings = *request.settings;
  bool directory_seen = false;
  std::string room;
  for (const conf::TextValue& each : settings.index) {
    const std::string name(request.site.text(request, each, room));
    if (name.starts_with('/'))
      return redirect_internally(request, request.args.empty() ? name : name + "?" + request.args);
    const std::string path = file_path_of(request, request.uri) + name;
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) {
      std::string target = request.uri + name;
      if (request.redirects_left <= 0) return redirect_internally(request, target);
      const std::string args = request.args;
      const int outcome = redirect_internally(request, "/");
      request.uri = std::move(target);
      request.args = args;
      return outcome;
    }
    if (errno == EACCES) return status_of_trouble(request, "open()", path, EACCES);
    if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG) {
      return status_of_trouble(request, "open()", path, errno);
    }
    if (directory_seen) continue;
    // Of a directory that is not there nothing else needs to be tried.
    const std::string directory = file_path_of(request, request.uri);
    if (::stat(directory.c_str(), &info) != 0) {
      const int error = errno;
      if (error == ENOENT || error == ENOTDIR) return nothing_found(request, path, error);
      if (error == EACCES) return status_of_trouble(request, "stat()", directory, error);
    } else if (!S_ISDIR(info.st_mode)) {
      return status_of_trouble(request, "stat()", directory, ENOTDIR);
    }
    directory_seen = true;
  }
  return kNext;
}

}  // namespace

int answer_with_file(Request& request) {
  const auto& root = request.settings->root;
  if ((!root || !root->alias) && leads_outside(request.uri)) return 404;  // By a rewrite.
  if (!request.reads() && request.method != http::Method::kPost) return 405;
  if (request.uri.ends_with('/')) {
    if (const int outcome = answer_with_index(request); outcome != kNext) return outcome;
    if (request.settings->autoindex.value_or(false) && request.reads()) return answer_with_list(request);
    request.site.error_logs().line(
        Level::kError, request,
        fmt::format("directory index of \"{}\" is forbidden", file_path_of(request, request.uri)));
    return 403;
  }
  if (request.uri.find('\0') != std::string::npos) return 404;
  if (const int outcome = answer_with_packed_file(request); outcome != kNext) return outcome;
  const std::string path = file_path_of(request, request.uri);
  // Where links are looked at, each time anew.
  SmallFiles* small =
      follows_links(request) && request.method != http::Method::kPost ? &request.site.small_files() : nullptr;
  if (small != nullptr) {
    if (auto found = small->find(path); found != nullptr) {
      describe_file(request, {}, found->info);
      request.response.small_file = std::move(found);
      return kSend;
    }
  }
  const char* call = nullptr;
  os::UniqueFd file = open_for(request, path, &call);
  if (!file) return status_of_trouble(request, call, path, errno);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return status_of_trouble(request, "fstat()", path, errno);
  Response& response = request.response;
  if (S_ISDIR(info.st_mode)) {
    response.restart();
    append_escaped(response.location, request.uri, Escape::kUri);
    response.location += '/';
    if (!request.args.empty()) response.location.append("?").append(request.args);
    return 301;
  }
  if (!S_ISREG(info.st_mode)) return 404;
  if (request.method == http::Method::kPost) return 405;
  if (small != nullptr) small->learn(path, file.get(), info, request.site.loop().wall());
  describe_file(request, std::move(file), info);
  return kSend;
}

void describe_file(Request& request, os::UniqueFd file, const struct stat& info) {
  Response& response = request.response;
  response.restart();
  response.status = 200;
  const auto bytes = static_cast<std::uint64_t>(info.st_size);
  response.content_length = info.st_size;
  response.last_modified = info.st_mtime;
  if (request.settings->etag.value_or(true)) response.etag = http::entity_tag(info.st_mtime, bytes);
  response.content_type =
      request.accel_type.empty() ? request.site.content_type_of(request, request.uri) : request.accel_type;
  response.ranges = true;
  response.file = std::move(file);
  if (bytes > 0) response.parts.push_back({.text = {}, .at = 0, .bytes = bytes});
}

}  // namespace tierce::nginx
