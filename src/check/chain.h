// Everything that was read for one check: the roles and what starts them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/finding.h"
#include "check/image.h"
#include "config/chain/program_role.h"
#include "config/gunicorn_settings.h"
#include "config/nginx/interpreter.h"
#include "config/supervisord/reader.h"
#include "config/uwsgi/apply.h"

namespace tierce::check {

// The program of a supervisor that a role is.
struct StartedBy {
  config::supervisord::ProcessSettings process;
  const config::supervisord::IniSection* section = nullptr;  // Of Supervisor::file.
  bool made = false;  // For an app or the edge of one file: nobody has written the section's keys.
};

// Instead of the folder that `tierce up` makes for sockets that nobody names.
inline constexpr std::string_view kSocketFolder = "/tmp/tierce-of-this-run";

struct Supervisor {
  std::string path;
  config::supervisord::Settings settings;
  config::supervisord::IniFile file;
  bool one_file = false;  // Of `tierce up`, which makes it one.
};

struct Edge {
  std::string path;
  std::string name;  // Of its program, or the file's.
  config::nginx::Reading reading;
  config::nginx::Interpretation made;
  std::optional<std::string> prefix;  // What relative paths begin with, with its slash; nullopt: nobody says.
  bool fragment = false;              // The file stands for itself; what is around it is not known.
  std::optional<StartedBy> started;
};

struct App {
  config::chain::ProgramRole role = config::chain::ProgramRole::kUwsgi;
  std::string name;
  Place start;  // Where it is started, or the file.
  config::RunSettings settings;
  config::uwsgi::Reading uwsgi;
  std::optional<config::uwsgi::Assignment> file;  // What names the application's file.
  std::optional<config::GunicornValues> gunicorn;
  std::optional<StartedBy> started;

  // The last line that says an option of uWSGI (under any of its names); nullptr: none.
  const config::uwsgi::Assignment* line_of(std::string_view option) const;
  // Where an option of uWSGI or a setting of Gunicorn is said; nullopt: nowhere.
  std::optional<Place> place_of(std::string_view uwsgi_option, std::string_view gunicorn_setting) const;
};

struct Chain {
  std::unique_ptr<Image> image;
  std::string dockerfile_path;
  Dockerfile dockerfile;
  bool is_up = false;  // The command of the image is `tierce up`, which stays in the foreground.
  std::vector<std::unique_ptr<Supervisor>> supervisors;
  std::vector<std::unique_ptr<Edge>> edges;
  std::vector<std::unique_ptr<App>> apps;
  std::vector<std::string> python_files;  // Given or beside the application.
  std::vector<Finding> findings;          // Of reading.

  void say(Severity severity, std::string code, Place place, std::string text, std::string suggestion = "");
  // A place in an nginx file.
  Place place_in(const Edge& edge, config::nginx::Place place) const;
  Place place_of(const config::uwsgi::Source& source) const;
};

}  // namespace tierce::check
