#include "nginx/fastcgi_script.h"

#include "nginx/site.h"

namespace tierce::nginx {

FastcgiScript fastcgi_script_of(Request& request) {
  const conf::FastcgiSettings& settings = request.settings->fastcgi;
  if (settings.split_path_info) {
    const Regex& regex = *settings.split_path_info->regex;
    if (regex.matches(request.uri) && regex.groups() > 2)
      return {std::string(regex.group(request.uri, 1)), std::string(regex.group(request.uri, 2))};
    return {request.uri, {}};
  }
  FastcgiScript script{request.uri, {}};
  if (settings.index && request.uri.ends_with('/')) script.name += request.site.text(request, *settings.index);
  return script;
}

}  // namespace tierce::nginx
