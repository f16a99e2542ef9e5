// The options that say what Python finds when it starts, which applications there are, and what a touched file does.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/uwsgi/apply.h"
#include "config/uwsgi/option.h"
#include "config/uwsgi/option_arguments.h"
#include "config/uwsgi/written_value.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;

// "/point=module:callable"
Done mount(Applying& a, const Assignment& line) {
  const string_view value = text_of(line);
  const std::size_t equals = value.find('=');
  if (equals == string_view::npos || equals + 1 == value.size()) return fail("expects POINT=APPLICATION");
  if (equals == 0 || value.front() != '/')
    a.note(line, fmt::format("{}: '{}' does not begin with /", line.name, value));
  a.settings.uwsgi->mounts.emplace_back(value);
  return {};
}
Done manage_script_name(Applying& a, const Assignment& line) {
  a.settings.uwsgi->manage_script_name = flag(a, line);
  return {};
}
// Words between blanks, as uWSGI cuts them: no quotes.
Done arguments(Applying& a, const Assignment& line) {
  std::istringstream words{std::string(text_of(line))};
  a.settings.uwsgi->arguments.clear();
  for (std::string word; words >> word;) a.settings.uwsgi->arguments.push_back(word);
  return {};
}
Done import(Applying& a, const Assignment& line) {
  a.settings.uwsgi->imports.emplace_back(text_of(line));
  return {};
}
Done optimize(Applying& a, const Assignment& line) {
  a.settings.optimize = small_number(a, line, 0, 2);
  return {};
}
Done program_name(Applying& a, const Assignment& line) {
  a.settings.python_name = text_of(line);
  return {};
}
Done executable(Applying& a, const Assignment& line) {
  a.settings.uwsgi->executable = text_of(line);
  return {};
}
Done chdir_after(Applying& a, const Assignment& line) {
  a.settings.uwsgi->chdir_after = text_of(line);
  return {};
}
Done first_chdir(Applying& a, const Assignment& line) {
  a.settings.first_chdir = text_of(line);
  return {};
}
Done forget_variable(Applying& a, const Assignment& line) {
  a.settings.environment.emplace_back(text_of(line), std::nullopt);
  return {};
}
// daemontools' way: a file for each variable; its first line, without blanks at the end, is the value. An empty file
// takes the variable away.
Done environment_directory(Applying& a, const Assignment& line) {
  std::error_code error;
  const std::filesystem::directory_iterator files(std::string(text_of(line)), error);
  if (error) return fail(Error(fmt::format("{}: {}", text_of(line), error.message())));
  for (const auto& entry : files) {
    const std::string name = entry.path().filename().string();
    if (name.front() == '.' || !entry.is_regular_file(error)) continue;
    std::ifstream file(entry.path());
    if (!file) return fail(Error(fmt::format("{}: cannot be read", entry.path().string())));
    std::string value;
    const bool empty = entry.file_size(error) == 0;
    std::getline(file, value);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t' || value.back() == '\r')) value.pop_back();
    std::replace(value.begin(), value.end(), '\0', '\n');
    a.settings.environment.emplace_back(name, empty ? std::nullopt : std::optional(value));
  }
  return {};
}
Done no_file_wrapper(Applying& a, const Assignment& line) {
  a.settings.uwsgi->file_wrapper = !flag(a, line);
  return {};
}
Done reload_ignore(Applying& a, const Assignment& line) {
  a.settings.uwsgi->reload_ignores.emplace_back(text_of(line));
  return {};
}

// supervise/commands.h has the names.
Done when_touched(Applying& a, const Assignment& line, string_view function) {
  if (text_of(line).empty()) return fail("expects a file");
  a.settings.around.hooks.push_back(
      {.phase = "touch", .action = "obey", .argument = std::string(function), .touched = std::string(text_of(line))});
  return {};
}
Done touch_workers(Applying& a, const Assignment& line) { return when_touched(a, line, "uwsgi_reload_workers"); }
Done touch_chain(Applying& a, const Assignment& line) { return when_touched(a, line, "uwsgi_chain_reload"); }
Done touch_rotate(Applying& a, const Assignment& line) { return when_touched(a, line, "uwsgi_log_rotate"); }
Done touch_reopen(Applying& a, const Assignment& line) { return when_touched(a, line, "uwsgi_log_reopen"); }

// Runs in the worker itself.
Done post_fork(Applying& a, const Assignment& line) {
  constexpr std::array<string_view, 10> kActions = {"exec",  "safeexec", "print", "log",    "cd",
                                                    "chdir", "putenv",   "mkdir", "unlink", "exit"};
  const string_view value = text_of(line);
  const string_view action = value.substr(0, value.find(':'));
  if (action.size() == value.size()) return fail("expects ACTION:ARGUMENT");
  if (std::find(kActions.begin(), kActions.end(), action) == kActions.end()) {
    a.not_done.push_back(
        {line.source, fmt::format("{}: {}: such a hook is not supported here: it does not run", line.name, action)});
    return {};
  }
  a.settings.uwsgi->post_fork_hooks.emplace_back(value);
  return {};
}

constexpr std::array kRows = {
    honoured(
        "mount", Argument::kText, mount,
        "POINT=APPLICATION: one more application, for the requests with this SCRIPT_NAME; MODULE:CALLABLE or a file."),
    honoured("manage-script-name", Argument::kFlag, manage_script_name,
             "Find the application by the path, and make SCRIPT_NAME and PATH_INFO of it."),
    honoured("pyargv", Argument::kText, arguments, "sys.argv behind the program, in words."),
    honoured("import", Argument::kValue, import, "Import this module, or run this file, before the application."),
    also("pyimport", "import"),
    also("py-import", "import"),
    also("python-import", "import"),
    honoured("optimize", Argument::kValue, optimize, "Python's -O: 1 without asserts, 2 without docstrings.", 'O'),
    honoured("py-programname", Argument::kValue, program_name,
             "Start Python under this name; a path decides where it looks for its library."),
    also("py-program-name", "py-programname"),
    honoured("py-executable", Argument::kValue, executable, "sys.executable"),
    also("py-sys-executable", "py-executable"),
    honoured("chdir2", Argument::kValue, chdir_after, "Stand in this directory once the application is imported."),
    honoured("force-cwd", Argument::kValue, first_chdir, "Begin in this directory."),
    honoured("unenv", Argument::kValue, forget_variable, "Take this variable out of the application's environment."),
    honoured("envdir", Argument::kText, environment_directory,
             "Variables from the files of this directory, as daemontools has them."),
    honoured("wsgi-disable-file-wrapper", Argument::kFlag, no_file_wrapper, "No wsgi.file_wrapper in the environ."),
    honoured("py-auto-reload-ignore", Argument::kValue, reload_ignore,
             "A change of this module is no reason for py-autoreload."),
    honoured("touch-workers-reload", Argument::kValue, touch_workers,
             "When this file is touched the workers are forked anew, without another import."),
    honoured("touch-chain-reload", Argument::kValue, touch_chain, "The same, one worker after the other."),
    honoured("touch-logrotate", Argument::kValue, touch_rotate, "When this file is touched the logs are rotated."),
    honoured("touch-logreopen", Argument::kValue, touch_reopen, "When this file is touched the logs are reopened."),
    honoured("hook-post-fork", Argument::kText, post_fork,
             "Run in each worker after its fork: exec, safeexec, print, cd, putenv, mkdir, unlink, exit."),
};

}  // namespace

Family python_options() { return {kRows, {}}; }

}  // namespace tierce::config::uwsgi
