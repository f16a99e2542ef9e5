#include "check/edge_user.h"

#include <grp.h>
#include <pwd.h>

namespace tierce::check {

EdgeUser edge_user(const Edge& edge) {
  const auto& said = edge.made.model.main.user;
  if (!said.empty()) return {said.front(), said.back()};
  // Its group has another name in each distribution.
  const std::string user(config::nginx::kUserOtherwise);
  const passwd* entry = ::getpwnam(user.c_str());
  const ::group* group = entry == nullptr ? nullptr : ::getgrgid(entry->pw_gid);
  return {user, group == nullptr ? user : group->gr_name};
}

bool is_in_group(const EdgeUser& who, const std::string& group) {
  if (who.group == group) return true;
  const ::group* entry = ::getgrnam(group.c_str());
  if (entry == nullptr) return false;
  const passwd* user = ::getpwnam(who.user.c_str());
  if (user != nullptr && user->pw_gid == entry->gr_gid) return true;
  for (char** member = entry->gr_mem; *member != nullptr; ++member) {
    if (who.user == *member) return true;
  }
  return false;
}

}  // namespace tierce::check
