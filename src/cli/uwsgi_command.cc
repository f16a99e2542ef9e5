#include "cli/uwsgi_command.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "cli/serve.h"
#include "config/chain/one_file.h"
#include "config/uwsgi/apply.h"
#include "config/uwsgi/missing_file.h"
#include "config/uwsgi/reader.h"
#include "config/uwsgi/reference.h"
#include "config/uwsgi/show_config.h"
#include "config/uwsgi/written_value.h"
#include "os/daemon.h"
#include "supervise/succession.h"

namespace tierce::cli {
namespace {

int refused(const Error& error) {
  std::fprintf(stderr, "tierce uwsgi: %s\n", error.text().c_str());
  return 1;
}

// Flushed: what is served afterwards does not end for a long time, and its processes are forks with this buffer.
int say(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  return 0;
}

bool asks_for(const config::uwsgi::Reading& reading, const char* name) {
  return config::uwsgi::find_first(reading.assignments, name) != nullptr;
}

// The one file of `tierce up` is a uwsgi.ini too.
class WithOneFile final : public config::uwsgi::Surroundings {
 public:
  explicit WithOneFile(const Surroundings& real) : real_(real) {}
  std::vector<std::pair<std::string, std::string>> environment() const override { return real_.environment(); }
  Result<std::string> read_file(const std::string& path) const override {
    auto text = real_.read_file(path);
    if (!text) return text;
    const char* folder = std::getenv(kRunDirectory);  // NOLINT(concurrency-mt-unsafe): one thread
    if (folder == nullptr) return text;
    auto made = config::chain::application_text(path, *text, folder);
    return made ? std::move(*made) : std::move(*text);
  }
  Kind kind_of(const std::string& path) const override { return real_.kind_of(path); }
  std::vector<std::string> glob(const std::string& pattern) const override { return real_.glob(pattern); }
  std::string absolute(const std::string& path) const override { return real_.absolute(path); }
  std::uint64_t inode(const std::string& path) const override { return real_.inode(path); }
  Machine machine() const override { return real_.machine(); }

 private:
  const Surroundings& real_;
};

}  // namespace

int uwsgi_command(const std::vector<std::string>& arguments) {
  if (arguments == std::vector<std::string>{"--help-markdown"}) return say(config::uwsgi::help_markdown());
  const WithOneFile around(config::uwsgi::this_machine());
  auto reading = config::uwsgi::read_configuration(arguments, around);
  if (!reading) return refused(reading.error());
  if (asks_for(*reading, "help")) return say(config::uwsgi::help());
  if (asks_for(*reading, "version")) return say("tierce " TIERCE_VERSION "\n");
  for (const std::string& line : reading->printed) say(line + "\n");
  if (reading->only_get) return 0;
  if (asks_for(*reading, "show-config")) say(config::uwsgi::show_config(*reading));
  if (const auto* exit = config::uwsgi::find_first(reading->assignments, "exit")) {
    return static_cast<int>(config::uwsgi::number_of(exit->value.value_or("")).value & 0xff);
  }
  auto applied = config::uwsgi::apply(*reading);
  if (!applied) return refused(applied.error());
  for (const config::uwsgi::Finding& finding : applied->findings) {
    std::fprintf(stderr, "%s\n", finding.line().c_str());
  }
  if (const auto missing = config::uwsgi::missing_file(*applied, config::uwsgi::this_machine())) {
    std::fprintf(stderr, "%s\n", missing->line().c_str());
  }
  config::RunSettings& settings = applied->settings;
  if (supervise::Succession::expected()) {
    // A daemon already.
  } else if (settings.daemon_when_ready) {
    auto ready = os::daemonize_when_ready();
    if (!ready) return refused(ready.error());
    settings.ready_fd = *ready;
  } else if (settings.daemon) {
    if (auto done = os::daemonize(os::DaemonStdio::kToNull); !done) return refused(done.error());
  }
  return serve(settings);
}

}  // namespace tierce::cli
