#include "config/chain/project.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include "base/regex.h"
#include "os/file_text.h"

namespace tierce::config::chain {
namespace {

namespace fs = std::filesystem;
using std::string_view;

constexpr std::uintmax_t kFileBytesMax = 1u << 20;
constexpr std::size_t kFilesMax = 200;

std::string text_of(const fs::path& path) {
  std::error_code failed;
  if (!fs::is_regular_file(path, failed) || fs::file_size(path, failed) > kFileBytesMax) return "";
  auto text = os::read_file(path.string());
  return text ? std::move(*text) : "";
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// The first match: groups of `pattern`, the whole of it first. Patterns are ours and compile.
std::optional<std::vector<std::string>> search(string_view text, string_view pattern) {
  const auto expression = Regex::compile(pattern);
  if (!expression || !expression->matches(text)) return std::nullopt;
  std::vector<std::string> groups;
  for (std::size_t i = 0; i <= expression->captures(); ++i) groups.emplace_back(expression->group(text, i));
  return groups;
}

std::size_t line_of(string_view text, string_view match) {
  const std::size_t at = std::min(text.find(match), text.size());
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

// Constructors of applications, and functions that people give that name.
constexpr string_view kMadeApplication =
    R"((?m)^([A-Za-z_]\w*)(?:\s*:\s*[\w.]+)?\s*=\s*((?:\w+\.)*)(Flask|Bottle|default_app|make_wsgi_app|get_wsgi_application|WSGIApplication|create_app|make_app)\()";
constexpr string_view kFalconApplication = R"((?m)^([A-Za-z_]\w*)\s*=\s*falcon\.(?:App|API)\()";
constexpr string_view kPlainApplication = R"((?m)^def\s+(application|app)\(\s*environ\s*,\s*start_response\s*\))";
// One that can be called without arguments.
constexpr string_view kFactory = R"((?m)^def\s+(create_app|make_app)\(\s*(?:\)|\*|\w+(?:\s*:[^,)=]+)?\s*=))";
constexpr string_view kAsgiApplication =
    R"((?m)^[A-Za-z_]\w*\s*=\s*(?:\w+\.)?(FastAPI|Starlette|Quart|Sanic|Litestar)\()";

struct Callable {
  std::string name;  // "app", "create_app()"
  std::string framework;
};

std::optional<Callable> callable_in(const std::string& text) {
  const bool flask = search(text, R"((?m)^(?:from\s+flask\b|import\s+flask\b))").has_value();
  if (const auto found = search(text, kMadeApplication)) {
    return Callable{(*found)[1], flask || (*found)[3] == "Flask" ? "Flask" : "a WSGI application"};
  }
  if (const auto found = search(text, kFalconApplication)) return Callable{(*found)[1], "Falcon"};
  if (const auto found = search(text, kPlainApplication)) return Callable{(*found)[1], "a WSGI application"};
  if (const auto found = search(text, kFactory))
    return Callable{(*found)[1] + "()", flask ? "Flask" : "a WSGI application"};
  return std::nullopt;
}

// "shop/__init__.py" -> "shop", "shop/web.py" -> "shop.web"
std::string module_of(const fs::path& file) {
  fs::path path = file;
  path.replace_extension();
  if (path.filename() == "__init__") path = path.parent_path();
  std::string name = path.generic_string();
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

bool is_test_or_tool(const std::string& name) {
  return name.starts_with("test_") || name.ends_with("_test.py") || name == "setup.py" || name == "conftest.py" ||
         name == "manage.py" || name == "gunicorn.conf.py";
}

// Below `base`, the likeliest first: names that people give it, other files, packages.
std::vector<fs::path> candidates(const fs::path& base) {
  constexpr auto kUsual =
      std::to_array<string_view>({"wsgi.py", "app.py", "application.py", "main.py", "run.py", "server.py"});
  std::vector<fs::path> all(kUsual.begin(), kUsual.end());
  std::vector<fs::path> others;
  std::vector<fs::path> packages;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(base, failed)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') || is_test_or_tool(name)) continue;
    if (name.ends_with(".py") && std::find(kUsual.begin(), kUsual.end(), name) == kUsual.end())
      others.emplace_back(name);
    if (entry.is_directory(failed) && is_there(entry.path() / "__init__.py") && name != "tests")
      packages.emplace_back(name);
  }
  std::sort(others.begin(), others.end());
  std::sort(packages.begin(), packages.end());
  all.insert(all.end(), others.begin(), others.end());
  for (const fs::path& package : packages) {
    for (const char* name : {"wsgi.py", "__init__.py", "app.py", "main.py"}) all.push_back(package / name);
  }
  if (all.size() > kFilesMax) all.resize(kFilesMax);
  all.emplace_back("manage.py");  // Flask's, that of the days of Flask-Script.
  return all;
}

std::string below(const std::string& directory, const fs::path& path) {
  return (fs::path(directory) / path).generic_string();
}

void find_flask_statics(Project& project, const fs::path& folder, const fs::path& file, const std::string& text) {
  std::string url = "/static/";
  fs::path place = file.parent_path() / "static";
  if (const auto given = search(text, R"(static_url_path\s*=\s*["']([^"']*)["'])")) {
    url = (*given)[1];
    if (!url.ends_with('/')) url += '/';
  }
  if (const auto given = search(text, R"(static_folder\s*=\s*["']([^"']*)["'])"))
    place = file.parent_path() / (*given)[1];
  if (url.starts_with('/') && url != "/" && is_there(folder / place))
    project.statics = {url, place.generic_string() + "/"};
}

// NAME_URL and NAME_ROOT of a settings file: literal, or put together with BASE_DIR in one of the usual ways. Null,
// with the reason in `missing`, when they cannot be read; without a reason where there is nothing to serve.
std::optional<Project::Static> django_files(const Project& project, const std::string& settings_path,
                                            const std::string& text, const std::string& name, std::string& missing) {
  const auto url = search(text, "(?m)^" + name + R"(_URL\s*=\s*["']([^"']+)["'])");
  if (!url) {
    missing = fmt::format("{}_URL is not a plain text in {}", name, settings_path);
    return std::nullopt;
  }
  const auto root = search(
      text, "(?m)^" + name +
                R"(_ROOT\s*=\s*(?:(BASE_DIR\s*/\s*|os\.path\.join\(\s*BASE_DIR\s*,\s*|str\(\s*BASE_DIR\s*/\s*))?)"
                R"(["']([^"']+)["'])");
  if (!root) {
    const bool set = search(text, R"((?m)^\s*)" + name + R"(_ROOT\s*=)").has_value();
    missing = fmt::format("{}_ROOT is not {} in {}", name, set ? "a plain path" : "set", settings_path);
    return std::nullopt;
  }
  std::string prefix = (*url)[1];
  if (prefix.find("://") != std::string::npos) return std::nullopt;  // Somebody else serves them.
  if (!prefix.starts_with('/')) prefix.insert(0, "/");
  if (!prefix.ends_with('/')) prefix += '/';
  if (prefix == "/") return std::nullopt;
  std::string place = (*root)[2];
  // BASE_DIR is, as startproject has it, the folder of manage.py.
  if (!(*root)[1].empty() || !place.starts_with('/')) place = below(project.directory, place);
  if (!place.ends_with('/')) place += '/';
  return Project::Static{prefix, place};
}

void find_django_files(Project& project, const std::string& settings_path, const std::string& text) {
  project.statics = django_files(project, settings_path, text, "STATIC", project.statics_missing);
  std::string unsaid;  // Many sites take no files from their users.
  project.media = django_files(project, settings_path, text, "MEDIA", unsaid);
  if (project.media && project.statics && project.media->url == project.statics->url) project.media.reset();
}

std::optional<Project> find_django(const fs::path& folder) {
  std::vector<std::string> places = {"", "src"};
  std::error_code failed;
  std::vector<std::string> others;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (entry.is_directory(failed)) others.push_back(entry.path().filename().string());
  }
  std::sort(others.begin(), others.end());
  places.insert(places.end(), others.begin(), others.end());
  for (const std::string& place : places) {
    const auto settings =
        search(text_of(folder / place / "manage.py"), R"(DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["'])");
    if (!settings) continue;
    Project project;
    project.framework = "Django";
    project.source = below(place, "manage.py");
    project.directory = place;
    // "site.settings", "site.settings.production" and "config.settings" lie beside the package's wsgi.py.
    std::string package = (*settings)[1];
    while (!package.empty()) {
      const std::size_t dot = package.rfind('.');
      package.resize(dot == std::string::npos ? 0 : dot);
      std::string file = package;
      std::replace(file.begin(), file.end(), '.', '/');
      if (is_there(folder / place / file / "wsgi.py")) {
        project.module = package.empty() ? "wsgi:application" : package + ".wsgi:application";
        break;
      }
    }
    if (project.module.empty()) continue;
    std::string path = (*settings)[1];
    std::replace(path.begin(), path.end(), '.', '/');
    path = below(place, is_there(folder / place / (path + ".py")) ? path + ".py" : path + "/__init__.py");
    find_django_files(project, path, text_of(folder / path));
    return project;
  }
  return std::nullopt;
}

Result<std::optional<Project>> find_callable(const fs::path& folder) {
  for (const std::string directory : {"", "src"}) {
    for (const fs::path& file : candidates(folder / directory)) {
      const std::string text = text_of(folder / directory / file);
      if (text.empty()) continue;
      const std::string shown = below(directory, file);
      if (const auto asgi = search(text, kAsgiApplication)) {
        return fail(Error(fmt::format("{}:{}: {} is an ASGI framework, and tierce serves WSGI applications", shown,
                                      line_of(text, (*asgi)[0]), (*asgi)[1])));
      }
      const auto callable = callable_in(text);
      if (!callable) continue;
      Project project;
      project.framework = callable->framework;
      project.source = shown;
      project.directory = directory;
      project.module = module_of(file) + ":" + callable->name;
      if (project.framework == "Flask") find_flask_statics(project, folder, shown, text);
      return std::optional(std::move(project));
    }
  }
  return std::optional<Project>();
}

void find_surroundings(Project& project, const fs::path& folder) {
  for (const char* name : {".venv", "venv", "env"}) {
    if (is_there(folder / name / "pyvenv.cfg")) project.virtualenv = name;
    if (!project.virtualenv.empty()) break;
  }
  constexpr string_view kCelery = R"((?m)^([A-Za-z_]\w*)\s*=\s*(?:celery\.)?Celery\()";
  const fs::path base = folder / project.directory;
  std::vector<fs::path> places = candidates(base);
  const std::string package = project.module.substr(0, project.module.find_first_of(".:"));
  places.insert(places.begin(), {fs::path(package) / "celery.py", "celery_app.py", "tasks.py"});
  for (const fs::path& place : places) {
    const auto found = search(text_of(base / place), kCelery);
    if (!found) continue;
    // Celery finds "package.celery" by the package's name.
    project.celery = place.filename() == "celery.py" && place.has_parent_path() ? module_of(place.parent_path())
                                                                                : module_of(place) + ":" + (*found)[1];
    return;
  }
}

// Browsers refuse styles and scripts that are said to be plain text.
constexpr const char* kTypes =
    "\n        types {\n"
    "            text/html html htm;\n"
    "            text/css css;\n"
    "            text/javascript js mjs;\n"
    "            text/plain txt;\n"
    "            application/json json map;\n"
    "            application/manifest+json webmanifest;\n"
    "            application/wasm wasm;\n"
    "            application/pdf pdf;\n"
    "            image/svg+xml svg;\n"
    "            image/png png;\n"
    "            image/jpeg jpg jpeg;\n"
    "            image/gif gif;\n"
    "            image/webp webp;\n"
    "            image/avif avif;\n"
    "            image/x-icon ico;\n"
    "            font/woff2 woff2;\n"
    "            font/woff woff;\n"
    "            font/ttf ttf;\n"
    "            audio/mpeg mp3;\n"
    "            video/mp4 mp4;\n"
    "            video/webm webm;\n"
    "        }\n"
    "        default_type application/octet-stream;\n";

}  // namespace

Result<Project> find_project(const std::string& folder) {
  const fs::path place(folder);
  std::optional<Project> project = find_django(place);
  if (!project) {
    auto found = find_callable(place);
    if (!found) return fail(std::move(found).error());
    project = std::move(*found);
  }
  if (!project) {
    return fail(
        "no application was found here: neither a manage.py nor a Python file with \"app = Flask(...)\", "
        "\"def create_app()\" or \"def application(environ, start_response)\", nor in src");
  }
  find_surroundings(*project, place);
  return std::move(*project);
}

std::string project_file(const Project& project) {
  std::string out = fmt::format(
      "# {} in {}, served by tierce:\n"
      "#   tierce check tierce.conf    says what is wrong\n"
      "#   tierce up -c tierce.conf    serves it; TERM stops it, and finishes what runs\n"
      "# The syntax is nginx's. Relative paths begin in the folder of this file; so does %d in app and %(here)s in "
      "program.\n\n"
      "error_log stderr notice;\n\n"
      "# uWSGI's options, without their leading --.\n"
      "app web {{\n"
      "    chdir %d{};\n"
      "    module {};\n",
      project.framework, project.source, project.directory, project.module);
  if (!project.virtualenv.empty()) out += fmt::format("    virtualenv %d{};\n", project.virtualenv);
  out +=
      "    processes %k;         # one for each core; where the application waits for others, rather more threads\n"
      "    threads 2;\n"
      "    harakiri 30;          # seconds without any progress, then 504\n"
      "    max-requests 10000;   # a worker that has answered so many is replaced\n"
      "}\n";
  if (!project.celery.empty()) {
    out += fmt::format(
        "\n# supervisor's keys.\n"
        "program worker {{\n"
        "    command \"{}celery -A {} worker\";\n"
        "    directory %(here)s/{};\n"
        "    stopwaitsecs 60;\n"
        "    stdout_logfile /dev/stdout;\n"
        "    stdout_logfile_maxbytes 0;\n"
        "    redirect_stderr true;\n"
        "}}\n",
        project.virtualenv.empty() ? "" : "%(here)s/" + project.virtualenv + "/bin/", project.celery,
        project.directory);
  }
  out +=
      "\nevents {\n"
      "    worker_connections 1024;\n"
      "}\n\n"
      "http {\n"
      "    access_log /dev/stdout;\n"
      "    client_max_body_size 10m;\n"
      "    gzip on;\n"
      "    gzip_types text/css text/javascript application/javascript application/json image/svg+xml;\n\n"
      "    server {\n"
      "        listen 127.0.0.1:8000;   # in a container: listen 8000;\n";
  if (project.statics || project.media) out += kTypes;
  if (project.statics) {
    out += fmt::format(
        "\n        location {} {{\n"
        "            alias {};\n"
        "            expires 1h;\n"
        "        }}\n\n",
        project.statics->url, project.statics->path);
  } else if (!project.statics_missing.empty()) {
    out += fmt::format("        # No static files: {}.\n", project.statics_missing);
  }
  if (project.media)
    out += fmt::format(
        "        # What users have sent is nobody's page: browsers are not to guess that it is one.\n"
        "        location {} {{\n"
        "            alias {};\n"
        "            add_header X-Content-Type-Options nosniff;\n"
        "        }}\n\n",
        project.media->url, project.media->path);
  return out +
         "        location / {\n"
         "            wsgi_pass web;\n"
         "        }\n"
         "    }\n"
         "}\n";
}

}  // namespace tierce::config::chain
