#include "cli/play_role.h"

#include "cli/gunicorn_command.h"
#include "cli/nginx_command.h"
#include "cli/uwsgi_command.h"

namespace tierce::cli {

int play_role(const std::vector<std::string>& words) {
  const std::vector<std::string> arguments(words.begin() + 1, words.end());
  if (words.front() == "nginx") return nginx_command(arguments);
  if (words.front() == "uwsgi") return uwsgi_command(arguments);
  return gunicorn_command(arguments);
}

}  // namespace tierce::cli
