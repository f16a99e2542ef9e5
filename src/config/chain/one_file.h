// The one file of `tierce up`: nginx's syntax, with `app NAME { module app:app; processes 4; }` in uWSGI's options and
// `program NAME { command "celery -A app worker"; }` in supervisor's keys beside http {}. What is not nginx's is handed
// to the readers of the other languages in their own form, each line where it stood, so that their errors name it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/nginx/reader.h"

namespace tierce::config::chain {

// Whether a text may be one, and is not an ini file: whose first line that says something begins with a bracket.
bool is_one_file(std::string_view text);
// "app", "program", ...: what stands in no nginx.conf.
bool is_block_of_one_file(std::string_view directive);

// The file at `path` as a supervisord.conf: its programs, and one for each app, which is started by its name
// (`tierce uwsgi --ini PATH:NAME`), and for the edge, where there is http {}. Its lines are marked with their places
// (config/line_mark.h). Fails with nginx's message and place.
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

// The same of what has been read of it, which may be a part.
std::string as_supervisord_conf(const nginx::Configuration& file, const std::string& path);
std::string as_uwsgi_ini(const nginx::Configuration& file, const std::string& run_directory);
// Apps, programs and listeners with the name of another one or of the edge, with nginx's kind of place.
std::vector<Error> names_given_twice(const nginx::Configuration& file);

}  // namespace tierce::config::chain
