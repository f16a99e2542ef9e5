#include "nginx/temp_directories.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "nginx/system_error.h"
#include "nginx/worker_process.h"

namespace tierce::nginx {
namespace {

namespace conf = config::nginx;

void gather(const conf::Location& location, std::set<std::string>& paths) {
  const conf::LocationSettings& settings = location.settings;
  for (const conf::Words* words :
       {&settings.client_body_temp_path, &settings.proxy.passing.temp_path, &settings.uwsgi.passing.temp_path,
        &settings.fastcgi.passing.temp_path, &settings.scgi.passing.temp_path}) {
    if (!words->empty()) paths.insert(words->front());
  }
  for (const auto& inner : location.locations) gather(*inner, paths);
}

Result<void> make(const std::string& path, const os::Identity& owner) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(system_error(fmt::format("mkdir() \"{}\" failed", path)));
  struct stat info {};
  if (!owner.change || ::stat(path.c_str(), &info) != 0 || info.st_uid == owner.uid || (info.st_mode & S_IWOTH) != 0)
    return {};
  if (::chown(path.c_str(), owner.uid, static_cast<gid_t>(-1)) != 0)
    return fail(system_error(fmt::format("chown(\"{}\", {}) failed", path, owner.uid)));
  if ((info.st_mode & S_IRWXU) != S_IRWXU) static_cast<void>(!::chmod(path.c_str(), (info.st_mode & 07777) | S_IRWXU));
  return {};
}

}  // namespace

Result<void> make_temp_directories(const conf::Model& model, const std::string& prefix) {
  os::Identity owner;
  if (::geteuid() == 0) {
    auto identity = worker_identity(model.main.user);
    if (!identity) return fail(std::move(identity).error());
    owner = std::move(*identity);
  }
  std::set<std::string> paths;
  for (const auto& server : model.servers) gather(server->root, paths);
  for (const std::string& path : paths) {
    if (auto made = make(path.starts_with('/') ? path : prefix + path, owner); !made) return made;
  }
  return {};
}

}  // namespace tierce::nginx
