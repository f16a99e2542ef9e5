// The one file of `tierce up`: nginx's syntax, with `app NAME { module app:app; processes 4; }` in uWSGI's options and
// `program NAME { command "celery -A app worker"; }` in supervisor's keys beside http {}. What is not nginx's is handed
// to the readers of the other languages in their own form, each line where it stood, so that their errors name it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tierce::config::chain {

// Whether a text may be one, and is not an ini file: whose first line that says something begins with a bracket.
bool is_one_file(std::string_view text);

// The file at `path` as a supervisord.conf: its programs, and one for each app, which is started by its name
// (`tierce uwsgi --ini PATH:NAME`), and for the edge, where there is http {}. Fails with nginx's message and place.
Result<std::string> supervisor_text(const std::string& path);

// Who runs it: what `user` says, and that of supervisord {}; empty without them.
struct Users {
  std::vector<std::string> edge;  // With the group, where one is named.
  std::string supervisor;
};
Result<Users> users_of(const std::string& path);

// ... as a uwsgi.ini: a section for each app. nullopt: it is no such file. An app without a uwsgi socket gets
// one in `run_directory`.
std::optional<std::string> application_text(const std::string& path, std::string_view text,
                                            const std::string& run_directory);

}  // namespace tierce::config::chain
