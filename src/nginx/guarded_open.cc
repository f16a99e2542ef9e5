#include "nginx/guarded_open.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>

#include "nginx/site.h"

namespace tierce::nginx {
namespace {

constexpr std::string_view kFrom = "from=";

// Whether the link's owner is that of what it leads to.
bool same_owner(int directory, const std::string& name) {
  struct stat link {
  }, target{};
  return ::fstatat(directory, name.c_str(), &link, AT_SYMLINK_NOFOLLOW) == 0 &&
         ::fstatat(directory, name.c_str(), &target, 0) == 0 && link.st_uid == target.st_uid;
}

bool is_link(int directory, const std::string& name) {
  struct stat info {};
  return ::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
}

// One step of the way. What changes between looking and opening is refused by O_NOFOLLOW, unless an owner's own link
// was seen: then it may be another link of anybody by now, as in nginx.
os::UniqueFd step(int directory, const std::string& name, int flags, bool owners_may) {
  if (is_link(directory, name)) {
    if (!owners_may || !same_owner(directory, name)) {
      errno = ELOOP;
      return {};
    }
    return os::UniqueFd(::openat(directory, name.c_str(), flags | O_CLOEXEC));
  }
  return os::UniqueFd(::openat(directory, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
}

}  // namespace

bool follows_links(const Request& request) {
  const conf::Words& words = request.settings->disable_symlinks;
  return words.empty() || words.front() == "off";
}

os::UniqueFd open_for(Request& request, const std::string& path, const char** call) {
  constexpr int kReading = O_RDONLY | O_NONBLOCK;
  const conf::Words& words = request.settings->disable_symlinks;
  *call = "open()";
  if (follows_links(request)) return os::UniqueFd(::open(path.c_str(), kReading | O_CLOEXEC));
  *call = "openat()";
  const bool owners_may = words.front() == "if_not_owner";
  // Up to here links are followed.
  std::string trusted = "/";
  if (words.size() > 1 && words[1].starts_with(kFrom)) {
    if (const auto text = conf::parse_text_value(words[1].substr(kFrom.size())); text) {
      std::string from = request.site.text(request, *text);
      if (!from.empty() && path.starts_with(from) && (from.ends_with('/') || path[from.size()] == '/'))
        trusted = std::move(from);
    }
  }
  os::UniqueFd directory(::open(trusted.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::string_view rest = std::string_view(path).substr(trusted.size());
  while (directory) {
    rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
    const std::size_t slash = rest.find('/');
    const std::string name(rest.substr(0, slash));
    if (slash == std::string_view::npos) return step(directory.get(), name.empty() ? "." : name, kReading, owners_may);
    directory = step(directory.get(), name, O_PATH | O_DIRECTORY, owners_may);
    rest.remove_prefix(slash);
  }
  return {};
}

}  // namespace tierce::nginx
