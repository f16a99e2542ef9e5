#include "cli/init_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/getopt.h"
#include "config/chain/project.h"
#include "os/unique_fd.h"

namespace tierce::cli {
namespace {

constexpr const char* kUsage =
    "usage: tierce init [options] [FOLDER]\n\n"
    "Writes tierce.conf for the Flask, Django or other WSGI project in FOLDER (the current one): an edge, the "
    "application\n"
    "and, where there is Celery, its worker. Its files are read, nothing of it is executed.\n\n"
    "  -f, --force    replace the tierce.conf that is there\n"
    "      --stdout   write to standard output instead\n"
    "  -h, --help     this text\n\n"
    "Exit status: 0, 1 when no application was found or nothing could be written, 2 called wrongly.\n";

constexpr OptionRow kOptions[] = {{'f', "force", false}, {'\0', "stdout", false}, {'h', "help", false}};

int complain(int status, const std::string& why) {
  std::fprintf(stderr, "tierce init: %s\n", why.c_str());
  return status;
}

Result<void> write_file(const std::string& path, const std::string& text, bool replaces) {
  const int how = O_WRONLY | O_CREAT | O_CLOEXEC | (replaces ? O_TRUNC : O_EXCL);
  const os::UniqueFd file(::open(path.c_str(), how, 0644));
  if (!file && errno == EEXIST) return fail(Error(path + " is there already; --force replaces it"));
  if (!file) return fail(errno_error(path));
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return fail(errno_error("writing " + path));
  return {};
}

}  // namespace

int init_command(const std::vector<std::string>& arguments) {
  const auto given = read_options(arguments, kOptions);
  if (!given) return complain(2, given.error().text() + "\n" + kUsage);
  bool replaces = false;
  bool prints = false;
  for (const auto& option : given->options) {
    if (option.name == "help") return std::fputs(kUsage, stdout), 0;
    replaces = replaces || option.name == "force";
    prints = prints || option.name == "stdout";
  }
  if (given->words.size() > 1) return complain(2, fmt::format("{}: one folder at a time\n{}", given->words[1], kUsage));
  const std::string folder = given->words.empty() ? "." : given->words.front();
  auto project = config::chain::find_project(folder);
  if (!project) return complain(1, project.error().text());
  const std::string text = config::chain::project_file(*project);
  if (prints) return std::fputs(text.c_str(), stdout), 0;
  const std::string path = (folder == "." ? "" : folder + "/") + "tierce.conf";
  if (auto done = write_file(path, text, replaces); !done) return complain(1, done.error().text());
  fmt::print("{}: {}, {} of {}\n", path, project->framework, project->module, project->source);
  if (!project->statics_missing.empty()) fmt::print("no static files: {}\n", project->statics_missing);
  fmt::print("start it with: tierce up -c {}\n", path);
  return 0;
}

}  // namespace tierce::cli
