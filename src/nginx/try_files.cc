#include "nginx/try_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "nginx/paths.h"
#include "nginx/phases.h"
#include "nginx/site.h"

namespace tierce::nginx {

int try_files(Request& request) {
  const conf::TryFiles& files = *request.settings->try_files;
  const auto& root = request.settings->root;
  const bool alias = root && root->alias;
  const std::string base = document_root_of(request);
  std::string room;
  for (const conf::TextValue& candidate : files.candidates) {
    const std::string_view text = request.site.text(request, candidate, room);
    const bool wants_directory = candidate.written.ends_with('/');
    // Below an alias a candidate that begins with the location's prefix stands for what is below it.
    std::string_view below = text;
    if (alias && root->replaces != std::string::npos) {
      const std::string_view prefix = std::string_view(request.location->pattern->text);
      if (below.starts_with(prefix)) below.remove_prefix(prefix.size());
    }
    if (leads_outside(below)) continue;
    const std::string path =
        alias && root->replaces == std::string::npos ? base + std::string(text) : base + std::string(below);
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || S_ISDIR(info.st_mode) != wants_directory) continue;
    if (!wants_directory && !S_ISREG(info.st_mode)) continue;
    // The slash that asks for a directory is none of the path's.
    std::string uri(wants_directory ? below.substr(0, below.size() - 1) : below);
    if (alias && root->replaces != std::string::npos) uri.insert(0, request.location->pattern->text);
    request.uri = std::move(uri);
    return kNext;
  }
  if (!files.otherwise) return files.status;
  const std::string target = request.site.text(request, *files.otherwise);
  if (target.starts_with('@')) return redirect_to_named(request, target);
  return redirect_internally(request, target);
}

}  // namespace tierce::nginx
