#include "config/uwsgi/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "config/uwsgi/option.h"
#include "config/uwsgi/placeholders.h"
#include "config/uwsgi/written_value.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;
using namespace std::chrono_literals;

Applying with_uwsgi_defaults() {
  Applying state;
  RunSettings& s = state.settings;
  s.workers = 1;
  s.threads = 1;
  s.monkey_patch = false;  // gevent-monkey-patch
  s.backlog = 100;
  s.edge.request_timeout = 0ms;  // No harakiri.
  s.edge.queue_timeout = 0ms;    // A request waits for a worker as long as its client does.
  s.edge.body_bytes_max = 0;
  s.edge.uwsgi_line.used = true;
  s.edge.graceful_timeout = 60s;  // worker-reload-mercy
  s.uwsgi.emplace();
  return state;
}

bool switched_on(const Reading& reading, string_view name) {
  bool on = false;
  for (const Assignment& line : reading.assignments) {
    if (line.name == name) on = boolean_of(line.value.value_or("")).value_or(true);
  }
  return on;
}

// Names that something refers to: %(name), if-opt = name. They are variables and no typos.
std::set<std::string> names_referred_to(const Reading& reading) {
  return {reading.referred.begin(), reading.referred.end()};
}

std::string unknown_text(string_view name) {
  const string_view near = nearest_option(name);
  return near.empty() ? fmt::format("{}: unknown option", name)
                      : fmt::format("{}: unknown option: did you mean {}?", name, near);
}

std::string application_of(const Assignment& line, const std::string& callable) {
  std::string name = line.value.value_or("");
  if (!name.empty() && name.find(':') == std::string::npos) name += ":" + (callable.empty() ? "application" : callable);
  return name;
}

// uWSGI loads what module names, and then what wsgi-file names unless there is an application already.
void join_application(Applying& state) {
  RunSettings& s = state.settings;
  const std::optional<Assignment>& first = state.module ? state.module : state.file;
  if (!first) return;
  s.app = application_of(*first, state.callable);
  s.uwsgi->app_source = first->source.text();
  if (!state.module || !state.file) return;
  s.uwsgi->second_app = application_of(*state.file, state.callable);
  s.uwsgi->second_app_source = state.file->source.text();
  state.note(*state.file, fmt::format("{} is used only when the application of {} ({}: {}) cannot be loaded",
                                      state.file->name, state.module->name, s.uwsgi->app_source, s.app));
}

void join(Applying& state) {
  RunSettings& s = state.settings;
  join_application(state);
  s.uwsgi->mount_callable = state.callable;
  name_processes(state.names, s);
  for (const Applying::Bind& bind : state.binds) {
    const std::string& spoken = bind.protocol.empty() ? state.socket_protocol : bind.protocol;
    s.binds.push_back(spoken == "http" ? bind.endpoint : fmt::format("{}://{}", spoken, bind.endpoint));
  }
  for (const auto* maps : {&state.static_checks, &state.static_maps, &state.static_maps_whole}) {
    s.edge.files.maps.insert(s.edge.files.maps.end(), maps->begin(), maps->end());
  }
  if (!state.home.empty()) {
    const bool relative = !state.home.starts_with('/') && !s.chdir.empty();
    s.python = (relative ? s.chdir + "/" : "") + state.home + "/bin/python";
  }
  if (!state.log_to.empty()) s.edge.error_log = s.edge.access_log = state.log_to;
  if (!state.request_log.empty()) s.edge.access_log = state.request_log;
  // Request lines pass the encoders of the log they go to.
  s.edge.uwsgi_line.encoders = state.request_log.empty() ? state.log_encoders : state.request_encoders;
  if (state.formats_time) s.edge.uwsgi_line.time_format = state.log_date;
}

class Application {
 public:
  // `errors`: where they go; nullptr: the first one ends it.
  Application(const Reading& reading, bool strict, std::vector<Finding>* errors)
      : reading_(reading), strict_(strict), errors_(errors), referred_(names_referred_to(reading)) {
    state_.findings = reading.findings;
  }

  Result<Applied> run() {
    for (const Assignment& line : reading_.assignments) {
      state_.settings.uwsgi->options.emplace_back(line.name, line.value);
      auto done = take(line);
      if (done) continue;
      if (errors_ == nullptr) return fail(std::move(done).error().during(line.source.text() + ": " + line.name));
      errors_->push_back({line.source, line.name + ": " + done.error().text()});
    }
    join_loop(state_);
    for (Finding& finding : std::exchange(state_.not_done, {})) complain(std::move(finding));
    if (refused_) return fail(Error("strict: " + *refused_));
    join(state_);
    finish_around(state_);
    if (auto checked = keep(check_processes(state_.settings)); !checked) return fail(std::move(checked).error());
    auto complete = Done();
    if (state_.settings.app.empty() && state_.settings.uwsgi->mounts.empty())
      complete = fail(Error(because("no application given: module, wsgi-file, file or mount names it")));
    if (complete = keep(std::move(complete)); !complete) return fail(std::move(complete).error());
    say_what_term_means();
    if (state_.settings.binds.empty())
      complete = fail(Error(because("no address to serve at: socket, http-socket or http gives it")));
    if (complete = keep(std::move(complete)); !complete) return fail(std::move(complete).error());
    return Applied{std::move(state_.settings), std::move(state_.findings), std::move(state_.file)};
  }

 private:
  using Done = Result<void>;

  // A misspelt name, or an emperor, is why something is missing. Where all errors are said the findings are too.
  std::string because(std::string text) const {
    if (errors_ != nullptr) return text;
    for (const Finding& finding : state_.findings) text += '\n' + finding.line();
    return text;
  }

  Done keep(Done done) {
    if (done || errors_ == nullptr) return done;
    errors_->push_back({{}, done.error().text()});
    return {};
  }

  Result<void> take(const Assignment& line) {
    const Option* row = find_resolved(line.name);
    if (row == nullptr) {
      unknown(line);
      return {};
    }
    if (row->answer == Answer::kNotSupported && asked_for(*row, line)) {
      complain(line, fmt::format("{}: {}", line.name, row->note));
    }
    auto done = row->apply == nullptr ? Result<void>() : row->apply(state_, line);
    for (Finding& finding : std::exchange(state_.not_done, {})) complain(line, std::move(finding.text));
    return done;
  }

  // A switch that is switched off asks for nothing.
  static bool asked_for(const Option& row, const Assignment& line) {
    return row.argument != Argument::kFlag || boolean_of(line.value.value_or("")).value_or(true);
  }

  void unknown(const Assignment& line) {
    const auto& made = reading_.set_placeholders;
    if (std::find(made.begin(), made.end(), line.name) != made.end()) return;
    if (!strict_ && referred_.contains(line.name)) return;
    complain(line, unknown_text(line.name));
  }

  // uWSGI 2.0 took TERM for a reload unless it was told otherwise.
  void say_what_term_means() {
    const auto& hooks = state_.settings.around.hooks;
    const bool told = find_first(reading_.assignments, "die-on-term") != nullptr ||
                      std::any_of(hooks.begin(), hooks.end(), [](const HookSettings& hook) {
                        return hook.action == "unix_signal" && hook.argument.starts_with("15 ");
                      });
    if (told) return;
    state_.settings.remarks.emplace_back(
        "TERM stops gracefully, as in uWSGI 2.1; 2.0 reloaded: hook-master-start = unix_signal:15 reap_them_all does");
  }

  void complain(const Assignment& line, std::string text) { complain({line.source, std::move(text)}); }

  void complain(Finding finding) {
    if (strict_ && errors_ != nullptr) {
      errors_->push_back(std::move(finding));
      return;
    }
    if (strict_ && !refused_) refused_ = finding.line();
    state_.findings.push_back(std::move(finding));
  }

  const Reading& reading_;
  const bool strict_;
  std::vector<Finding>* const errors_;
  const std::set<std::string> referred_;
  Applying state_ = with_uwsgi_defaults();
  std::optional<std::string> refused_;
};

}  // namespace

void Applying::note(const Assignment& line, std::string text) { findings.push_back({line.source, std::move(text)}); }

Result<Applied> apply(const Reading& reading) {
  return Application(reading, switched_on(reading, "strict"), nullptr).run();
}

Applied apply_as_far_as_possible(const Reading& reading, std::vector<Finding>& errors) {
  auto applied = Application(reading, switched_on(reading, "strict"), &errors).run();
  check(applied.has_value(), "an application of options that keeps errors does not end with one");
  return std::move(*applied);
}

}  // namespace tierce::config::uwsgi
