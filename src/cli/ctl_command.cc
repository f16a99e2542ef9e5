#include "cli/ctl_command.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "base/getopt.h"
#include "cli/ctl_words.h"
#include "cli/supervisord_files.h"
#include "config/supervisord/reader.h"
#include "config/supervisord/section_view.h"
#include "config/supervisord/words.h"
#include "supervisord/control_client.h"

namespace tierce::cli {
namespace {

namespace conf = config::supervisord;
using supervisord::ControlClient;
using supervisord::Fault;
using supervisord::FaultCode;
using supervisord::Outcome;
using supervisord::Value;
using Words = std::vector<std::string>;

constexpr const char* kUsage =
    "usage: tierce ctl [-c FILE] [-s URL] [-u USER] [-p PASSWORD] [-i] [COMMAND ...]\n\n"
    "  status [NAME ...]                 states of all processes, of some, or of GROUP:*\n"
    "  start | stop | restart NAME ...   NAME, GROUP:NAME, GROUP:* or all\n"
    "  signal SIGNAL NAME ...            send a signal\n"
    "  tail [-f] [-BYTES] NAME [stdout|stderr]\n"
    "  maintail [-f] [-BYTES]            the server's own log\n"
    "  clear NAME ... | all              empty logs\n"
    "  pid [NAME ... | all]              of the server or of processes\n"
    "  avail                             configured programs\n"
    "  reread                            read the configuration, say what has changed\n"
    "  update [GROUP ...]                ... and make it so, restarting what has changed\n"
    "  add | remove GROUP ...            one of them\n"
    "  reload                            stop everything, read the configuration, start again\n"
    "  reload NAME ...                   their reload_signal; those without are restarted, one by one if so "
    "configured\n"
    "  fg NAME                           follow its output and give it what is typed\n"
    "  shutdown                          stop everything and end\n"
    "  version\n"
    "Without a command: a prompt. -i: a prompt after the command.\n";

constexpr OptionRow kOptions[] = {{'c', "configuration", true}, {'s', "serverurl", true}, {'u', "username", true},
                                  {'p', "password", true},      {'h', "help", false},     {'i', "interactive", false},
                                  {'r', "history-file", true}};

class Ctl {
 public:
  explicit Ctl(supervisord::ServerAddress address) : client_(std::move(address)) {}

  int run(const Words& words) {
    exit_ = 0;
    struct Row {
      std::string_view name;
      void (Ctl::*call)(const Words&);
    };
    static constexpr Row kCommands[] = {
        {"status", &Ctl::status},     {"start", &Ctl::start},     {"stop", &Ctl::stop},
        {"restart", &Ctl::restart},   {"signal", &Ctl::signal},   {"tail", &Ctl::tail},
        {"maintail", &Ctl::maintail}, {"clear", &Ctl::clear},     {"pid", &Ctl::pid},
        {"avail", &Ctl::avail},       {"reread", &Ctl::reread},   {"update", &Ctl::update},
        {"add", &Ctl::add},           {"remove", &Ctl::remove},   {"reload", &Ctl::reload},
        {"shutdown", &Ctl::shutdown}, {"version", &Ctl::version}, {"fg", &Ctl::foreground},
    };
    if (words.front() == "help") {
      say(kUsage, "");
      return 0;
    }
    for (const Row& row : kCommands) {
      if (row.name != words.front()) continue;
      (this->*row.call)({words.begin() + 1, words.end()});
      std::fflush(stdout);
      return exit_;
    }
    say(fmt::format("*** Unknown syntax: {}", fmt::join(words, " ")));
    return kErrorExit;
  }

 private:
  static void say(std::string_view text, std::string_view end = "\n") {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fwrite(end.data(), 1, end.size(), stdout);
  }
  void wrong(const std::string& text, int code = kErrorExit) {
    say(text);
    exit_ = code;
  }

  void fail(const std::string& name, const std::string& reason, long code, FaultCode harmless) {
    say(fmt::format("{}: ERROR ({})", name, reason));
    if (const int exit = exit_of(code, harmless); exit != 0) exit_ = exit;
  }

  // nullopt when there is no answer, which has been said; `bad` is for a fault, or nobody's when that is said too.
  std::optional<Value> call(const std::string& method, Value::Array parameters, Fault* bad = nullptr) {
    auto outcome = client_.call(method, std::move(parameters));
    if (!outcome) {
      wrong(outcome.error().text());
      return std::nullopt;
    }
    if (Value* value = std::get_if<Value>(&*outcome)) return std::move(*value);
    const Fault& fault = std::get<Fault>(*outcome);
    if (bad != nullptr) {
      *bad = fault;
    } else {
      wrong(fmt::format("error: <Fault {}: '{}'>", static_cast<int>(fault.code), fault.text));
    }
    return std::nullopt;
  }

  void status(const Words& names) {
    const auto all = call("supervisor.getAllProcessInfo", {});
    if (!all) return;
    std::vector<const Value*> shown;
    std::vector<std::string> unknown;
    const auto matches = [](const Value& info, const std::string& name) {
      const std::string group = text_of(info, "group");
      return name == "all" || full_name(group, text_of(info, "name")) == name ||
             (is_group(name) && group_of(name) == group) || group + ":" + text_of(info, "name") == name;
    };
    const Words wanted = names.empty() ? Words{"all"} : names;
    for (const std::string& name : wanted) {
      const std::size_t before = shown.size();
      for (const Value& info : array_of(*all)) {
        if (matches(info, name)) shown.push_back(&info);
      }
      if (shown.size() == before && name != "all") unknown.push_back(name);
    }
    std::size_t width = 30;
    for (const Value* info : shown)
      width = std::max(width, full_name(text_of(*info, "group"), text_of(*info, "name")).size());
    for (const Value* info : shown) {
      say(fmt::format("{:<{}}   {:<10}{}", full_name(text_of(*info, "group"), text_of(*info, "name")), width,
                      text_of(*info, "statename") + " ", text_of(*info, "description")));
      const long state = number_of(*info, "state");
      if (state != 20 && state != 10 && state != 30 && exit_ == 0) exit_ = kNotRunningExit;
    }
    for (const std::string& name : unknown)
      wrong(fmt::format("{}: ERROR (no such {})", name, is_group(name) ? "group" : "process"), kUnknownExit);
  }

  // What a call for many came to, one line each.
  void say_results(const Value& results, std::string_view done, FaultCode harmless) {
    for (const Value& result : array_of(results)) {
      const std::string name = full_name(text_of(result, "group"), text_of(result, "name"));
      const long status = number_of(result, "status");
      if (status == static_cast<long>(FaultCode::kSuccess)) {
        say(fmt::format("{}: {}", name, done));
      } else {
        fail(name, why(status, text_of(result, "description"), name), status, harmless);
      }
    }
  }

  struct Verb {
    std::string one, group, all;
    std::string_view done;
    FaultCode harmless = FaultCode::kSuccess;
  };
  void each(const Verb& verb, const Words& names, const Value::Array& more) {
    if (names.empty()) return wrong("Error: a name is required: NAME, GROUP:* or all");
    if (std::find(names.begin(), names.end(), "all") != names.end()) {
      if (const auto results = call(verb.all, more)) say_results(*results, verb.done, verb.harmless);
      return;
    }
    for (const std::string& name : names) {
      const bool group = is_group(name) && !verb.group.empty();
      Value::Array parameters = {group ? group_of(name) : name};
      parameters.insert(parameters.end(), more.begin(), more.end());
      Fault bad{FaultCode::kSuccess, ""};
      const auto result = call(group ? verb.group : verb.one, std::move(parameters), &bad);
      if (!result && bad.code == FaultCode::kSuccess) return;
      if (!result) {
        const bool no_group = group && bad.code == FaultCode::kBadName;
        const long code = static_cast<long>(bad.code);
        fail(group ? group_of(name) : name, no_group ? "no such group" : why(code, bad.text, name), code,
             verb.harmless);
        if (no_group) exit_ = kInvalidExit;
      } else if (result->as<Value::Array>() != nullptr) {
        say_results(*result, verb.done, verb.harmless);
      } else {
        say(fmt::format("{}: {}", name, verb.done));
      }
    }
  }

  void start(const Words& names) {
    each({"supervisor.startProcess", "supervisor.startProcessGroup", "supervisor.startAllProcesses", "started",
          FaultCode::kAlreadyStarted},
         names, {});
  }
  void stop(const Words& names) {
    each({"supervisor.stopProcess", "supervisor.stopProcessGroup", "supervisor.stopAllProcesses", "stopped",
          FaultCode::kNotRunning},
         names, {});
  }
  void restart(const Words& names) {
    stop(names);
    if (!names.empty()) {
      exit_ = 0;  // What was not running is started all the same.
      start(names);
    }
  }
  void signal(const Words& words) {
    if (words.size() < 2) return wrong("Error: signal requires a signal name and a process name");
    each({"supervisor.signalProcess", "supervisor.signalProcessGroup", "supervisor.signalAllProcesses", "signalled"},
         {words.begin() + 1, words.end()}, {words.front()});
  }
  void clear(const Words& names) {
    each({"supervisor.clearProcessLogs", "", "supervisor.clearAllProcessLogs", "cleared"}, names, {});
  }

  struct Tail {
    bool follow = false;
    long bytes = 1600;
    Words words;
  };
  static Tail read_tail(const Words& words) {
    Tail tail;
    for (const std::string& word : words) {
      long bytes = 0;
      const char* end = word.data() + word.size();
      if (word == "-f") {
        tail.follow = true;
      } else if (word.size() > 1 && word[0] == '-' && std::from_chars(word.data() + 1, end, bytes).ptr == end) {
        tail.bytes = bytes;
      } else {
        tail.words.push_back(word);
      }
    }
    return tail;
  }
  void follow(const std::string& path) {
    say("==> Press Ctrl-C to exit <==");
    std::fflush(stdout);
    const auto done = client_.follow(path, [](std::string_view part) {
      say(part, "");
      std::fflush(stdout);
    });
    if (!done) wrong(done.error().text());
  }
  void tail(const Words& words) {
    const Tail tail = read_tail(words);
    if (tail.words.empty() || tail.words.size() > 2) return wrong("Error: tail [-f] [-BYTES] NAME [stdout|stderr]");
    const std::string& name = tail.words.front();
    const std::string channel = tail.words.size() > 1 ? conf::lower(tail.words[1]) : "stdout";
    if (channel != "stdout" && channel != "stderr") return wrong(fmt::format("Error: bad channel '{}'", channel));
    if (tail.follow) return follow(fmt::format("/logtail/{}/{}", name, channel));
    Fault bad{FaultCode::kSuccess, ""};
    const auto text = call(channel == "stdout" ? "supervisor.readProcessStdoutLog" : "supervisor.readProcessStderrLog",
                           {name, -tail.bytes, 0}, &bad);
    if (text) return say(*text->as<std::string>(), "");
    if (bad.code == FaultCode::kSuccess) return;
    const char* what = bad.code == FaultCode::kNoFile    ? "no log file"
                       : bad.code == FaultCode::kFailed  ? "unknown error reading log"
                       : bad.code == FaultCode::kBadName ? "no such process name"
                                                         : bad.text.c_str();
    wrong(fmt::format("{}: ERROR ({})", name, what));
  }
  void maintail(const Words& words) {
    const Tail tail = read_tail(words);
    if (tail.follow) return follow("/mainlogtail");
    if (const auto text = call("supervisor.readLog", {-tail.bytes, 0})) say(*text->as<std::string>(), "");
  }

  void pid(const Words& names) {
    if (names.empty()) {
      if (const auto number = call("supervisor.getPID", {})) say(fmt::format("{}", *number->as<long>()));
      return;
    }
    if (names.front() == "all") {
      const auto all = call("supervisor.getAllProcessInfo", {});
      if (!all) return;
      for (const Value& info : array_of(*all)) say(fmt::format("{}", number_of(info, "pid")));
      return;
    }
    for (const std::string& name : names) {
      Fault bad{FaultCode::kSuccess, ""};
      const auto info = call("supervisor.getProcessInfo", {name}, &bad);
      if (!info && bad.code == FaultCode::kSuccess) return;
      if (!info) {
        wrong(bad.code == FaultCode::kBadName ? "No such process " + name : bad.text);
      } else {
        say(fmt::format("{}", number_of(*info, "pid")));
        if (number_of(*info, "pid") == 0) exit_ = kDeadExit;
      }
    }
  }

  void avail(const Words&) {
    const auto all = call("supervisor.getAllConfigInfo", {});
    if (!all) return;
    for (const Value& info : array_of(*all)) {
      const Value* in_use = info.field("inuse");
      const Value* automatic = info.field("autostart");
      say(fmt::format("{:<32} {:<9} {:<9} {}:{}", full_name(text_of(info, "group"), text_of(info, "name")),
                      in_use != nullptr && *in_use->as<bool>() ? "in use" : "avail",
                      automatic != nullptr && *automatic->as<bool>() ? "auto" : "manual", number_of(info, "group_prio"),
                      number_of(info, "process_prio")));
    }
  }

  struct Changes {
    Words added, changed, removed;
  };
  std::optional<Changes> read_changes() {
    Fault bad{FaultCode::kSuccess, ""};
    const auto answer = call("supervisor.reloadConfig", {}, &bad);
    if (!answer) {
      if (bad.code != FaultCode::kSuccess) wrong("ERROR: " + bad.text);
      return std::nullopt;
    }
    const Value::Array& outer = array_of(*answer);
    if (outer.size() != 1 || array_of(outer[0]).size() != 3) return std::nullopt;
    Changes changes;
    const std::array<Words*, 3> lists = {&changes.added, &changes.changed, &changes.removed};
    for (std::size_t i = 0; i < lists.size(); ++i) {
      for (const Value& name : array_of(array_of(outer[0])[i])) lists[i]->push_back(*name.as<std::string>());
    }
    return changes;
  }
  // Of a group that has changed; nothing from a server that is not ours.
  std::map<std::string, Words> read_reasons() {
    std::map<std::string, Words> reasons;
    Fault bad{FaultCode::kSuccess, ""};
    const auto answer = call("tierce.explainChanges", {}, &bad);
    if (!answer) return reasons;
    for (const Value& one : array_of(*answer)) {
      const Value* texts = one.field("reasons");
      if (texts == nullptr) continue;
      for (const Value& text : array_of(*texts)) {
        if (const auto* line = text.as<std::string>()) reasons[text_of(one, "name")].push_back(*line);
      }
    }
    return reasons;
  }
  void reread(const Words&) {
    const auto changes = read_changes();
    if (!changes) return;
    std::map<std::string, std::string_view> news;
    for (const std::string& name : changes->added) news[name] = "available";
    for (const std::string& name : changes->changed) news[name] = "changed";
    for (const std::string& name : changes->removed) news[name] = "disappeared";
    if (news.empty()) return say("No config updates to processes");
    const auto reasons = changes->changed.empty() ? std::map<std::string, Words>() : read_reasons();
    for (const auto& [name, what] : news) {
      say(fmt::format("{}: {}", name, what));
      const auto why = reasons.find(name);
      if (why == reasons.end()) continue;
      for (const std::string& reason : why->second) say("  " + reason);
    }
  }
  void stop_group(const std::string& name) {
    const auto results = call("supervisor.stopProcessGroup", {name});
    if (!results) return;
    say(name + ": stopped");
    for (const Value& result : array_of(*results)) {
      if (number_of(result, "status") != static_cast<long>(FaultCode::kSuccess))
        wrong(fmt::format("{}: ERROR ({})", name, text_of(result, "description")));
    }
  }
  // False where the server cannot, or is not ours.
  bool update_in_place(const std::string& name) {
    Fault bad{FaultCode::kSuccess, ""};
    const auto results = call("tierce.updateProcessGroup", {name}, &bad);
    if (!results) return false;
    for (const Value& result : array_of(*results)) {
      const long status = number_of(result, "status");
      const std::string process = full_name(name, text_of(result, "name")), what = text_of(result, "description");
      if (status != static_cast<long>(FaultCode::kSuccess)) {
        wrong(fmt::format("{}: ERROR ({})", process, why(status, what, process)));
      } else if (what != "left as it is") {
        say(fmt::format("{}: {}", process, what));
      }
    }
    return true;
  }
  void update(const Words& only) {
    const auto changes = read_changes();
    if (!changes) return;
    const std::set<std::string> wanted(only.begin(), only.end());
    const auto chosen = [&](const std::string& name) {
      return wanted.empty() || wanted.contains("all") || wanted.contains(name);
    };
    for (const std::string& name : changes->removed) {
      if (!chosen(name)) continue;
      stop_group(name);
      if (call("supervisor.removeProcessGroup", {name})) say(name + ": removed process group");
    }
    for (const std::string& name : changes->changed) {
      if (!chosen(name)) continue;
      if (!update_in_place(name)) {
        stop_group(name);
        if (!call("supervisor.removeProcessGroup", {name}) || !call("supervisor.addProcessGroup", {name})) continue;
      }
      say(name + ": updated process group");
    }
    for (const std::string& name : changes->added) {
      if (chosen(name) && call("supervisor.addProcessGroup", {name})) say(name + ": added process group");
    }
  }
  void change_groups(const std::string& method, const Words& names, std::string_view done) {
    for (const std::string& name : names) {
      Fault bad{FaultCode::kSuccess, ""};
      if (call(method, {name}, &bad)) {
        say(fmt::format("{}: {} process group", name, done));
      } else if (bad.code == FaultCode::kBadName) {
        wrong("ERROR: no such process/group: " + name);
      } else if (bad.code == FaultCode::kAlreadyAdded) {
        say("ERROR: process group already active");
      } else if (bad.code != FaultCode::kSuccess) {
        wrong("ERROR: " + why(static_cast<int>(bad.code), bad.text, name));
      }
    }
  }
  void add(const Words& names) { change_groups("supervisor.addProcessGroup", names, "added"); }
  void remove(const Words& names) { change_groups("supervisor.removeProcessGroup", names, "removed"); }
  void reload(const Words& names) {
    if (!names.empty()) return each({"tierce.reloadProcess", "tierce.reloadProcess", "", "reloaded"}, names, {});
    if (call("supervisor.restart", {})) say("Restarted supervisord");
  }
  void foreground(const Words& names) {
    if (names.size() != 1) return wrong("ERROR: fg takes one process name");
    const std::string& name = names.front();
    Fault bad{FaultCode::kSuccess, ""};
    const auto info = call("supervisor.getProcessInfo", {name}, &bad);
    if (!info) return wrong("ERROR: bad process name supplied");
    if (text_of(*info, "statename") != "RUNNING") return wrong("ERROR: process not running");
    // It follows the log beside us, and ends with us.
    const pid_t follower = ::fork();
    if (follower == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      follow(fmt::format("/logtail/{}/stdout", name));
      ::_exit(0);
    }
    for (std::string line; std::getline(std::cin, line);) {
      if (call("supervisor.sendProcessStdin", {name, line + "\n"}, &bad)) continue;
      say("Process got killed");
      break;
    }
    if (follower > 0) {
      ::kill(follower, SIGKILL);
      ::waitpid(follower, nullptr, 0);
    }
    say("Exiting foreground");
  }
  void shutdown(const Words&) {
    if (call("supervisor.shutdown", {})) say("Shut down");
  }
  void version(const Words&) {
    if (const auto text = call("supervisor.getSupervisorVersion", {})) say(*text->as<std::string>());
  }

  ControlClient client_;
  int exit_ = 0;
};

// What [supervisorctl] of the file says, where there is one.
Result<supervisord::ServerAddress> read_address(const std::string& file, std::string& prompt) {
  supervisord::ServerAddress address;
  const conf::Surroundings around = conf::surroundings();
  auto ini = conf::read_ini_file(file, around);
  if (!ini) return fail(std::move(ini).error());
  const conf::IniSection* section = conf::find_section(*ini, "supervisorctl");
  if (section == nullptr) return fail(Error(file + ": .ini file does not include supervisorctl section"));
  conf::Expansions known;
  for (const auto& [name, value] : around.environment) known.texts["ENV_" + name] = value;
  known.texts["here"] = ini->here;
  known.texts["host_node_name"] = around.host_name;
  conf::SectionView view(*section, conf::SectionKind::kSupervisorctl, known);
  address.url = view.text("serverurl");
  address.username = view.text("username");
  address.password = view.text("password");
  prompt = view.text("prompt");
  if (view.error()) return fail(Error(*view.error()));
  return address;
}

int refuse(const std::string& why) {
  std::fprintf(stderr, "Error: %s\nFor help, use tierce ctl -h\n", why.c_str());
  return 2;
}

int prompt_loop(Ctl& ctl, const std::string& prompt) {
  const bool terminal = ::isatty(0) == 1;
  std::string line;
  while (true) {
    if (terminal) {
      std::printf("%s> ", prompt.c_str());
      std::fflush(stdout);
    }
    if (!std::getline(std::cin, line)) return 0;
    auto words = conf::split_command(line);
    if (!words) {
      std::printf("*** %s\n", words.error().text().c_str());
      continue;
    }
    if (words->empty()) continue;
    if (words->front() == "exit" || words->front() == "quit") return 0;
    ctl.run(*words);
  }
}

}  // namespace

int ctl_command(const std::vector<std::string>& arguments) {
  auto given = read_options(arguments, kOptions);
  if (!given) return refuse(given.error().text());
  std::string file;
  supervisord::ServerAddress over;
  bool interactive = given->words.empty();
  for (const auto& [name, value] : given->options) {
    if (name == "help") return std::fputs(kUsage, stdout), 0;
    if (name == "configuration") file = value;
    if (name == "serverurl") over.url = value;
    if (name == "username") over.username = value;
    if (name == "password") over.password = value;
    if (name == "interactive") interactive = true;
  }
  std::string prompt = "supervisor";
  supervisord::ServerAddress address{"http://localhost:9001", "", ""};
  if (file.empty()) {
    // Not needed where the server is named.
    auto found = find_supervisord_conf();
    if (found) file = std::move(*found);
  }
  if (!file.empty()) {
    auto read = read_address(file, prompt);
    if (!read) return refuse(read.error().text());
    address = std::move(*read);
  }
  if (!over.url.empty()) address.url = over.url;
  if (!over.username.empty()) address.username = over.username;
  if (!over.password.empty()) address.password = over.password;
  Ctl ctl(std::move(address));
  const int code = given->words.empty() ? 0 : ctl.run(given->words);
  return interactive ? prompt_loop(ctl, prompt) : code;
}

}  // namespace tierce::cli
