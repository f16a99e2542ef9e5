#include "os/user_identity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "os/unique_fd.h"

namespace tierce::os {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

Result<void> keep_further_groups(const std::vector<gid_t>& more) {
  if (more.empty()) return {};
  const int count = ::getgroups(0, nullptr);
  std::vector<gid_t> all(static_cast<std::size_t>(std::max(count, 0)));
  if (count < 0 || ::getgroups(count, all.data()) < 0) return fail(errno_error("getgroups"));
  all.insert(all.end(), more.begin(), more.end());
  if (::setgroups(all.size(), all.data()) != 0) return fail(errno_error("setting further groups"));
  return {};
}

}  // namespace

Result<void> add_groups(const std::vector<std::string>& groups, Identity& identity) {
  for (const std::string& name : groups) {
    auto found = find_identity("", name);
    if (!found) return fail(std::move(found).error());
    identity.more_groups.push_back(found->gid);
  }
  if (!identity.more_groups.empty() && ::geteuid() == 0) identity.change = true;
  return {};
}

Result<Identity> find_identity(const std::string& user, const std::string& group) {
  Identity identity;
  identity.uid = ::geteuid();
  identity.gid = ::getegid();
  if (user.empty() && group.empty()) return identity;
  if (!user.empty()) {
    const passwd* entry =
        is_number(user) ? ::getpwuid(static_cast<uid_t>(std::atoll(user.c_str()))) : ::getpwnam(user.c_str());
    if (entry != nullptr) {
      identity.uid = entry->pw_uid;
      identity.gid = entry->pw_gid;
      identity.user = entry->pw_name;
    } else if (is_number(user)) {
      identity.uid = static_cast<uid_t>(std::atoll(user.c_str()));
    } else {
      return fail(Error(fmt::format("user '{}' does not exist", user)));
    }
  }
  if (!group.empty()) {
    const ::group* entry = is_number(group) ? nullptr : ::getgrnam(group.c_str());
    if (entry != nullptr) {
      identity.gid = entry->gr_gid;
    } else if (is_number(group)) {
      identity.gid = static_cast<gid_t>(std::atoll(group.c_str()));
    } else {
      return fail(Error(fmt::format("group '{}' does not exist", group)));
    }
  }
  identity.change = identity.uid != ::geteuid() || identity.gid != ::getegid();
  if (identity.change && ::geteuid() != 0) {
    return fail(Error(fmt::format("changing to user '{}' group '{}' needs root", user, group)));
  }
  return identity;
}

Result<void> become(const Identity& identity) {
  if (!identity.change) return {};
  const int groups =
      identity.user.empty() ? ::setgroups(0, nullptr) : ::initgroups(identity.user.c_str(), identity.gid);
  if (groups != 0) return fail(errno_error("setting the groups"));
  if (auto added = keep_further_groups(identity.more_groups); !added) return added;
  if (::setgid(identity.gid) != 0) return fail(errno_error("setgid"));
  if (::setuid(identity.uid) != 0) return fail(errno_error("setuid"));
  if (identity.uid != 0 && ::setuid(0) == 0) return fail("the change of the user can be undone: refused");
  return {};
}

Result<void> give_file(const std::string& path, const Identity& identity) {
  if (!identity.change) return {};
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) return {};
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
  // By descriptor: what was looked at is what is given.
  if (!file || ::fstat(file.get(), &info) != 0) return fail(errno_error("opening " + path));
  if (!S_ISREG(info.st_mode) || info.st_nlink != 1 || info.st_uid != 0) return {};
  if (::fchown(file.get(), identity.uid, identity.gid) != 0) return fail(errno_error("changing the owner of " + path));
  return {};
}

Result<void> give_path(const std::string& path, const Identity& identity) {
  if (!identity.change) return {};
  if (::lchown(path.c_str(), identity.uid, identity.gid) != 0)
    return fail(errno_error("changing the owner of " + path));
  return {};
}

}  // namespace tierce::os
