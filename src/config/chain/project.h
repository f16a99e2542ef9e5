// What kind of Python web application a folder holds, as far as its files tell: what `tierce init` writes a
// configuration for. Nothing is executed.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace tierce::config::chain {

struct Project {
  std::string framework;   // "Flask", "Django", "a WSGI application"
  std::string source;      // The file that says so, below the folder: "app.py"
  std::string directory;   // Where modules are looked for, below the folder: "" or "src"
  std::string module;      // "app:app", "site.wsgi:application", "shop:create_app()"
  std::string virtualenv;  // ".venv", or ""
  struct Static {
    std::string url;   // "/static/"
    std::string path;  // Below the folder, or absolute: "shop/static/"
  };
  std::optional<Static> statics;
  std::string statics_missing;  // Why there are none, where there should be some.
  std::optional<Static> media;  // What users of a Django site have sent: MEDIA_URL, MEDIA_ROOT.
  std::string celery;           // What "celery -A" takes, or ""
};

// Looks at `folder` and its src. Fails with what was looked for, or with the file and line of an ASGI application,
// which nothing here serves.
Result<Project> find_project(const std::string& folder);

// The commented configuration for it (one_file.h), which `tierce up` takes.
std::string project_file(const Project& project);

}  // namespace tierce::config::chain
