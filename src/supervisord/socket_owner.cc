#include "supervisord/socket_owner.h"

#include <sys/stat.h>
#include <unistd.h>

#include "os/user_identity.h"

namespace tierce::supervisord {

Result<void> give_socket(const std::string& path, mode_t mode, const std::string& owner) {
  if (::chmod(path.c_str(), mode) != 0) return fail(errno_error("chmod " + path));
  if (owner.empty()) return {};
  const std::size_t colon = owner.find(':');
  auto identity = os::find_identity(owner.substr(0, colon), colon == std::string::npos ? "" : owner.substr(colon + 1));
  if (!identity) return fail(std::move(identity).error().during("chown " + path));
  if (::lchown(path.c_str(), identity->uid, identity->gid) != 0) return fail(errno_error("chown " + path));
  return {};
}

}  // namespace tierce::supervisord
