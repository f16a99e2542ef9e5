#include "supervisord/rpc_methods.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "config/supervisord/values.h"
#include "supervisord/log_reading.h"
#include "supervisord/process_info.h"
#include "supervisord/targets.h"
#include "supervisord/tierce_methods.h"

namespace tierce::supervisord {
namespace {

// The version of supervisor whose API this is.
constexpr const char* kSupervisorVersion = "4.3.0";
constexpr const char* kApiVersion = "3.0";

Pending done(Outcome outcome) {
  return [outcome = std::move(outcome)] { return std::optional<Outcome>(outcome); };
}
Pending wrong(FaultCode code, std::string_view about = {}) { return done(fault(code, about)); }

// Parameters of a call, with defaults for those that are left out. Types have been checked against the table.
class Parameters {
 public:
  explicit Parameters(const Value::Array& values) : values_(values) {}
  const std::string& text(std::size_t i) const { return *values_[i].as<std::string>(); }
  long number(std::size_t i) const {
    if (const bool* yes = values_[i].as<bool>()) return *yes ? 1 : 0;
    return *values_[i].as<long>();
  }
  bool yes(std::size_t i, bool fallback) const { return i < values_.size() ? number(i) != 0 : fallback; }
  const Value& value(std::size_t i) const { return values_[i]; }

 private:
  const Value::Array& values_;
};

// The same for many processes, each as if it were asked alone. The answer has one entry for each, in the order in
// which they were done.
using OneCall = std::function<Pending(const std::string& full_name)>;
Pending for_each(const std::vector<Process*>& processes, const std::function<bool(State)>& when, const OneCall& call) {
  struct Waiting {
    std::string name;
    std::string group;
    Pending pending;
  };
  struct Gathered {
    std::vector<Waiting> waiting;
    Value::Array results;
  };
  auto gathered = std::make_shared<Gathered>();
  for (const Process* process : processes) {
    if (when && !when(process->state())) continue;
    gathered->waiting.push_back({process->name(), process->group(), call(process->group() + ":" + process->name())});
  }
  return [gathered]() -> std::optional<Outcome> {
    std::erase_if(gathered->waiting, [&](const Waiting& one) {
      const auto outcome = one.pending();
      if (!outcome) return false;
      const Fault* bad = std::get_if<Fault>(&*outcome);
      gathered->results.push_back(
          Value::Struct{{"name", one.name},
                        {"group", one.group},
                        {"status", static_cast<int>(bad != nullptr ? bad->code : FaultCode::kSuccess)},
                        {"description", bad != nullptr ? bad->text : "OK"}});
      return true;
    });
    if (!gathered->waiting.empty()) return std::nullopt;
    return Outcome(Value(gathered->results));
  };
}

// What calls name in their faults: the short name where group and process have the same.
std::string shown(const std::string& name) {
  const std::size_t colon = name.find(':');
  return colon != std::string::npos && name.substr(0, colon) == name.substr(colon + 1) ? name.substr(0, colon) : name;
}

Pending start_one(Server& server, const std::string& name, bool wait) {
  Process& process = *find_process(server, name);
  const auto executable = process.executable();
  if (!executable) {
    const CommandError& error = executable.error();
    return wrong(error.problem == CommandProblem::kNotFound ? FaultCode::kNoFile : FaultCode::kNotExecutable,
                 error.text);
  }
  if (is_running(process.state())) return wrong(FaultCode::kAlreadyStarted, shown(name));
  if (process.state() == State::kStopping) return wrong(FaultCode::kAbnormalTermination, shown(name));
  if (process.state() == State::kUnknown)
    return wrong(FaultCode::kFailed, fmt::format("{} is in an unknown process state", shown(name)));
  process.start(Server::now());
  server.reap();
  if (!process.spawn_error().empty()) return wrong(FaultCode::kSpawnError, shown(name));
  process.tick(Server::now(), true);
  if (!wait) return done(Value(true));
  return [&server, name]() -> std::optional<Outcome> {
    const Process* now = find_process(server, name);
    if (now == nullptr) return fault(FaultCode::kBadName, shown(name));
    if (!now->spawn_error().empty()) return fault(FaultCode::kSpawnError, shown(name));
    if (now->state() == State::kRunning) return Outcome(Value(true));
    if (now->state() != State::kStarting) return fault(FaultCode::kAbnormalTermination, shown(name));
    return std::nullopt;
  };
}

Pending stop_one(Server& server, const std::string& name, bool wait) {
  Process& process = *find_process(server, name);
  if (!is_running(process.state())) return wrong(FaultCode::kNotRunning, shown(name));
  process.stop(Server::now());
  if (!is_stopped(process.state())) server.log().info(fmt::format("waiting for {} to stop", process.name()));
  server.reap();
  if (!wait) return done(Value(true));
  return [&server, name]() -> std::optional<Outcome> {
    const Process* now = find_process(server, name);
    if (now == nullptr || is_stopped(now->state())) return Outcome(Value(true));
    return std::nullopt;
  };
}

Pending signal_one(Server& server, const std::string& name, const std::string& signal) {
  Process& process = *find_process(server, name);
  const auto number = conf::parse_signal(signal);
  if (!number) return wrong(FaultCode::kBadSignal, signal);
  if (!is_signallable(process.state())) return wrong(FaultCode::kNotRunning, shown(name));
  const std::string problem = process.signal(*number);
  if (!problem.empty()) return wrong(FaultCode::kFailed, problem);
  return done(Value(true));
}

bool is_down(State state) { return !is_running(state); }

Pending start_group(Server& server, const Group& group, bool wait) {
  return for_each(processes_of(group), is_down,
                  [&server, wait](const std::string& n) { return start_one(server, n, wait); });
}
Pending stop_group(Server& server, const Group& group, bool wait) {
  return for_each(processes_of(group), is_running,
                  [&server, wait](const std::string& n) { return stop_one(server, n, wait); });
}
Pending signal_group(Server& server, const Group& group, const std::string& signal) {
  return for_each(processes_of(group), is_signallable,
                  [&server, signal](const std::string& n) { return signal_one(server, n, signal); });
}

Pending start_process(Server& server, const Parameters& p) {
  const auto target = find_target(server, p.text(0));
  if (!target) return wrong(FaultCode::kBadName, p.text(0));
  if (target->process == nullptr) return start_group(server, *target->group, p.yes(1, true));
  return start_one(server, p.text(0), p.yes(1, true));
}
Pending start_process_group(Server& server, const Parameters& p) {
  const Group* group = server.find_group(p.text(0));
  if (group == nullptr) return wrong(FaultCode::kBadName, p.text(0));
  return start_group(server, *group, p.yes(1, true));
}
Pending start_all(Server& server, const Parameters& p) {
  return for_each(all_processes(server), is_down,
                  [&server, wait = p.yes(0, true)](const std::string& n) { return start_one(server, n, wait); });
}
Pending stop_process(Server& server, const Parameters& p) {
  const auto target = find_target(server, p.text(0));
  if (!target) return wrong(FaultCode::kBadName, p.text(0));
  if (target->process == nullptr) return stop_group(server, *target->group, p.yes(1, true));
  return stop_one(server, p.text(0), p.yes(1, true));
}
Pending stop_process_group(Server& server, const Parameters& p) {
  const Group* group = server.find_group(p.text(0));
  if (group == nullptr) return wrong(FaultCode::kBadName, p.text(0));
  return stop_group(server, *group, p.yes(1, true));
}
Pending stop_all(Server& server, const Parameters& p) {
  return for_each(all_processes(server), is_running,
                  [&server, wait = p.yes(0, true)](const std::string& n) { return stop_one(server, n, wait); });
}
Pending signal_process(Server& server, const Parameters& p) {
  const auto target = find_target(server, p.text(0));
  if (!target) return wrong(FaultCode::kBadName, p.text(0));
  if (target->process == nullptr) return signal_group(server, *target->group, p.text(1));
  return signal_one(server, p.text(0), p.text(1));
}
Pending signal_process_group(Server& server, const Parameters& p) {
  const Group* group = server.find_group(p.text(0));
  if (group == nullptr) return wrong(FaultCode::kBadName, p.text(0));
  return signal_group(server, *group, p.text(1));
}
Pending signal_all(Server& server, const Parameters& p) {
  return for_each(all_processes(server), is_signallable,
                  [&server, signal = p.text(0)](const std::string& n) { return signal_one(server, n, signal); });
}

Pending process_info(Server& server, const Parameters& p) {
  const auto target = find_target(server, p.text(0));
  if (!target || target->process == nullptr) return wrong(FaultCode::kBadName, p.text(0));
  return done(info_of(*target->process));
}
Pending all_process_info(Server& server, const Parameters&) {
  Value::Array all;
  for (const Process* process : processes_by_name(server)) all.push_back(info_of(*process));
  return done(Value(std::move(all)));
}

Pending all_config_info(Server& server, const Parameters&) {
  std::vector<std::pair<std::pair<std::string, std::string>, Value>> sorted;
  for (const conf::GroupSettings& group : server.known_groups()) {
    for (const conf::ProcessSettings& process : group.processes)
      sorted.emplace_back(std::pair(group.name, process.name),
                          config_of(group, process, server.find_group(group.name)));
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Value::Array all;
  for (auto& [key, value] : sorted) all.push_back(std::move(value));
  return done(Value(std::move(all)));
}

Pending read_main_log(Server& server, const Parameters& p) {
  if (!server.log().has_file()) return wrong(FaultCode::kNoFile, "");
  return done(read_log(server.log().path(), p.number(0), p.number(1)));
}
Pending clear_main_log(Server& server, const Parameters&) {
  if (!server.log().has_file()) return wrong(FaultCode::kNoFile, "");
  server.log().clear();
  return done(Value(true));
}

Pending read_process_log(Server& server, const Parameters& p, bool errors) {
  const auto target = find_target(server, p.text(0));
  if (!target || target->process == nullptr) return wrong(FaultCode::kBadName, p.text(0));
  const std::string& path = target->process->log_path(errors);
  if (path.empty()) return wrong(FaultCode::kNoFile);
  const Outcome outcome = read_log(path, p.number(1), p.number(2));
  // A log that is not there yet.
  if (const Fault* bad = std::get_if<Fault>(&outcome); bad != nullptr && bad->code == FaultCode::kFailed)
    return wrong(FaultCode::kNoFile, path);
  return done(outcome);
}
Pending read_stdout(Server& server, const Parameters& p) { return read_process_log(server, p, false); }
Pending read_stderr(Server& server, const Parameters& p) { return read_process_log(server, p, true); }

Pending tail_process_log(Server& server, const Parameters& p, bool errors) {
  const auto target = find_target(server, p.text(0));
  if (!target || target->process == nullptr) return wrong(FaultCode::kBadName, p.text(0));
  const std::string& path = target->process->log_path(errors);
  if (path.empty()) return done(Value(Value::Array{"", 0, false}));
  return done(tail_log(path, p.number(1), p.number(2)));
}
Pending tail_stdout(Server& server, const Parameters& p) { return tail_process_log(server, p, false); }
Pending tail_stderr(Server& server, const Parameters& p) { return tail_process_log(server, p, true); }

Pending clear_process_logs(Server& server, const Parameters& p) {
  const auto target = find_target(server, p.text(0));
  if (!target || target->process == nullptr) return wrong(FaultCode::kBadName, p.text(0));
  target->process->clear_logs();
  return done(Value(true));
}
Pending clear_all_logs(Server& server, const Parameters&) {
  return for_each(all_processes(server), nullptr, [&server](const std::string& name) {
    find_process(server, name)->clear_logs();
    return done(Value(true));
  });
}

Pending get_state(Server& server, const Parameters&) {
  return done(Value::Struct{{"statecode", static_cast<int>(server.mood())}, {"statename", name_of(server.mood())}});
}
Pending get_pid(Server&, const Parameters&) { return done(Value(long{::getpid()})); }
Pending get_identification(Server& server, const Parameters&) { return done(Value(server.settings().identifier)); }
Pending get_api_version(Server&, const Parameters&) { return done(Value(kApiVersion)); }
Pending get_supervisor_version(Server&, const Parameters&) { return done(Value(kSupervisorVersion)); }

Pending shut_down(Server& server, const Parameters&) {
  server.set_mood(Mood::kShutdown);
  return done(Value(true));
}
Pending restart(Server& server, const Parameters&) {
  // What cannot be read would be noticed when everything is down already.
  if (auto good = server.check_restart(); !good) return wrong(FaultCode::kCantReread, good.error().text());
  server.set_mood(Mood::kRestarting);
  return done(Value(true));
}

Value names(const std::vector<std::string>& list) {
  Value::Array out;
  for (const std::string& name : list) out.emplace_back(name);
  return out;
}
Pending reload_config(Server& server, const Parameters&) {
  const auto found = server.reread();
  if (!found) return wrong(FaultCode::kCantReread, found.error().text());
  return done(Value::Array{Value::Array{names(found->added), names(found->changed), names(found->removed)}});
}
Pending add_process_group(Server& server, const Parameters& p) {
  for (const conf::GroupSettings& group : server.known_groups()) {
    if (group.name != p.text(0)) continue;
    if (server.find_group(group.name) != nullptr) return wrong(FaultCode::kAlreadyAdded, p.text(0));
    server.add_group(group);
    return done(Value(true));
  }
  return wrong(FaultCode::kBadName, p.text(0));
}
Pending remove_process_group(Server& server, const Parameters& p) {
  const Group* group = server.find_group(p.text(0));
  if (group == nullptr) return wrong(FaultCode::kBadName, p.text(0));
  if (group->has_unstopped()) return wrong(FaultCode::kStillRunning, p.text(0));
  server.remove_group(p.text(0));
  return done(Value(true));
}

Pending send_stdin(Server& server, const Parameters& p) {
  const auto target = find_target(server, p.text(0));
  if (!target || target->process == nullptr) return wrong(FaultCode::kBadName, p.text(0));
  if (target->process->pid() == 0) return wrong(FaultCode::kNotRunning, p.text(0));
  if (!target->process->write_stdin(p.text(1))) return wrong(FaultCode::kNoFile, p.text(0));
  return done(Value(true));
}
Pending send_event(Server& server, const Parameters& p) {
  server.world().events->notify("REMOTE_COMMUNICATION", fmt::format("type:{}\n{}", p.text(0), p.text(1)));
  return done(Value(true));
}

Pending reload_one(Server& server, const Parameters& p) { return reload_process(server, p.text(0)); }
Pending update_group(Server& server, const Parameters& p) { return update_process_group(server, p.text(0)); }
Pending explain(Server& server, const Parameters&) { return done(explain_changes(server)); }

Pending list_methods(Server&, const Parameters&);
Pending method_help(Server&, const Parameters& p);
Pending method_signature(Server&, const Parameters& p);
Pending multicall(Server& server, const Parameters& p);

struct Method {
  std::string_view name;
  std::string_view result;
  std::string_view parameters;  // One letter each: s text, i number, b boolean, a array.
  std::size_t required;
  Pending (*call)(Server&, const Parameters&);
  std::string_view help;
};

constexpr Method kMethods[] = {
    {"supervisor.addProcessGroup", "boolean", "s", 1, &add_process_group,
     "Start to look after a group of the configuration that was read last."},
    {"supervisor.clearAllProcessLogs", "array", "", 0, &clear_all_logs, "Empty the logs of all processes."},
    {"supervisor.clearLog", "boolean", "", 0, &clear_main_log, "Empty the activity log."},
    {"supervisor.clearProcessLog", "boolean", "s", 1, &clear_process_logs, "Empty the logs of a process."},
    {"supervisor.clearProcessLogs", "boolean", "s", 1, &clear_process_logs, "Empty the logs of a process."},
    {"supervisor.getAPIVersion", "string", "", 0, &get_api_version, "The version of this API."},
    {"supervisor.getAllConfigInfo", "array", "", 0, &all_config_info,
     "The settings of all processes that are configured."},
    {"supervisor.getAllProcessInfo", "array", "", 0, &all_process_info, "What getProcessInfo says, of every process."},
    {"supervisor.getIdentification", "string", "", 0, &get_identification, "The identifier of this server."},
    {"supervisor.getPID", "int", "", 0, &get_pid, "The process number of this server."},
    {"supervisor.getProcessInfo", "struct", "s", 1, &process_info,
     "State, times, process number and logs of a process."},
    {"supervisor.getState", "struct", "", 0, &get_state, "The state of this server."},
    {"supervisor.getSupervisorVersion", "string", "", 0, &get_supervisor_version,
     "The version of supervisor that this server is compatible with."},
    {"supervisor.getVersion", "string", "", 0, &get_api_version, "The version of this API."},
    {"supervisor.readLog", "string", "ii", 2, &read_main_log, "Bytes of the activity log: offset and length."},
    {"supervisor.readMainLog", "string", "ii", 2, &read_main_log, "Bytes of the activity log: offset and length."},
    {"supervisor.readProcessLog", "string", "sii", 3, &read_stdout,
     "Bytes of a process's stdout log: offset and length."},
    {"supervisor.readProcessStderrLog", "string", "sii", 3, &read_stderr,
     "Bytes of a process's stderr log: offset and length."},
    {"supervisor.readProcessStdoutLog", "string", "sii", 3, &read_stdout,
     "Bytes of a process's stdout log: offset and length."},
    {"supervisor.reloadConfig", "array", "", 0, &reload_config,
     "Read the configuration again: which groups were added, changed and removed."},
    {"supervisor.removeProcessGroup", "boolean", "s", 1, &remove_process_group, "Forget a group that is stopped."},
    {"supervisor.restart", "boolean", "", 0, &restart, "Stop everything, read the configuration and start again."},
    {"supervisor.sendProcessStdin", "boolean", "ss", 2, &send_stdin, "Write to the standard input of a process."},
    {"supervisor.sendRemoteCommEvent", "boolean", "ss", 2, &send_event,
     "Send a REMOTE_COMMUNICATION event: type and data."},
    {"supervisor.shutdown", "boolean", "", 0, &shut_down, "Stop everything and end."},
    {"supervisor.signalAllProcesses", "array", "s", 1, &signal_all, "Send a signal to all processes."},
    {"supervisor.signalProcess", "boolean", "ss", 2, &signal_process,
     "Send a signal, by name or number, to a process or group:*."},
    {"supervisor.signalProcessGroup", "array", "ss", 2, &signal_process_group,
     "Send a signal to all processes of a group."},
    {"supervisor.startAllProcesses", "array", "b", 0, &start_all,
     "Start all processes and, unless told otherwise, wait until they run."},
    {"supervisor.startProcess", "boolean", "sb", 1, &start_process,
     "Start a process or group:* and, unless told otherwise, wait until it runs."},
    {"supervisor.startProcessGroup", "array", "sb", 1, &start_process_group, "Start all processes of a group."},
    {"supervisor.stopAllProcesses", "array", "b", 0, &stop_all,
     "Stop all processes and, unless told otherwise, wait until they are down."},
    {"supervisor.stopProcess", "boolean", "sb", 1, &stop_process,
     "Stop a process or group:* and, unless told otherwise, wait until it is down."},
    {"supervisor.stopProcessGroup", "array", "sb", 1, &stop_process_group, "Stop all processes of a group."},
    {"supervisor.tailProcessLog", "array", "sii", 3, &tail_stdout,
     "The end of a stdout log: bytes, size, whether it has outgrown offset and length."},
    {"supervisor.tailProcessStderrLog", "array", "sii", 3, &tail_stderr,
     "The end of a stderr log: bytes, size, whether it has outgrown offset and length."},
    {"supervisor.tailProcessStdoutLog", "array", "sii", 3, &tail_stdout,
     "The end of a stdout log: bytes, size, whether it has outgrown offset and length."},
    {"system.listMethods", "array", "", 0, &list_methods, "The names of all methods."},
    {"system.methodHelp", "string", "s", 1, &method_help, "What a method does."},
    {"system.methodSignature", "array", "s", 1, &method_signature, "The types of a method's result and parameters."},
    {"system.multicall", "array", "a", 1, &multicall,
     "Several calls, each a struct of methodName and params, one after the other."},
    {"tierce.explainChanges", "array", "", 0, &explain,
     "Of each group that reloadConfig found changed: what has changed in it. Not in supervisor's API."},
    {"tierce.reloadProcess", "array", "s", 1, &reload_one,
     "Send a process or group:* its reload_signal; restart those without, one after the other where they have "
     "rolling_restart. Not in supervisor's API."},
    {"tierce.updateProcessGroup", "array", "s", 1, &update_group,
     "Make of a group what the configuration that was read last says, and leave alone what is the same. Not in "
     "supervisor's API."},
};

std::string_view type_of(char letter) {
  switch (letter) {
    case 's':
      return "string";
    case 'i':
      return "int";
    case 'b':
      return "boolean";
    default:
      return "array";
  }
}

bool fits(char letter, const Value& value) {
  switch (letter) {
    case 's':
      return value.as<std::string>() != nullptr;
    case 'i':
    case 'b':
      return value.as<long>() != nullptr || value.as<bool>() != nullptr;
    default:
      return value.as<Value::Array>() != nullptr;
  }
}

const Method* find_method(std::string_view name) {
  for (const Method& method : kMethods) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

Pending list_methods(Server&, const Parameters&) {
  Value::Array all;
  for (const Method& method : kMethods) all.emplace_back(method.name);
  return done(Value(std::move(all)));
}
Pending method_help(Server&, const Parameters& p) {
  const Method* method = find_method(p.text(0));
  return method != nullptr ? done(Value(method->help)) : wrong(FaultCode::kSignatureUnsupported);
}
Pending method_signature(Server&, const Parameters& p) {
  const Method* method = find_method(p.text(0));
  if (method == nullptr) return wrong(FaultCode::kSignatureUnsupported);
  Value::Array types = {method->result};
  for (const char letter : method->parameters) types.emplace_back(type_of(letter));
  return done(Value(std::move(types)));
}

Pending begin_call(Server& server, const Value& call) {
  const Value* name = call.field("methodName");
  if (name == nullptr || name->as<std::string>() == nullptr)
    return wrong(FaultCode::kIncorrectParameters, "No methodName");
  const std::string& method = *name->as<std::string>();
  // It would take one small body to make any number of calls.
  if (method == "system.multicall")
    return wrong(FaultCode::kIncorrectParameters, "Recursive system.multicall forbidden");
  static const Value::Array none;
  const Value* given = call.field("params");
  const Value::Array* parameters = given != nullptr ? given->as<Value::Array>() : &none;
  if (parameters == nullptr) return wrong(FaultCode::kIncorrectParameters);
  return call_method(server, method, *parameters);
}

Pending multicall(Server& server, const Parameters& p) {
  struct Work {
    Value::Array calls;
    std::size_t next = 0;
    Pending current;
    Value::Array results;
  };
  auto work = std::make_shared<Work>();
  work->calls = *p.value(0).as<Value::Array>();
  return [&server, work]() -> std::optional<Outcome> {
    while (work->next < work->calls.size()) {
      if (!work->current) work->current = begin_call(server, work->calls[work->next]);
      const auto outcome = work->current();
      if (!outcome) return std::nullopt;
      work->current = nullptr;
      ++work->next;
      if (const Fault* bad = std::get_if<Fault>(&*outcome)) {
        work->results.push_back(Value::Struct{{"faultCode", static_cast<int>(bad->code)}, {"faultString", bad->text}});
      } else {
        work->results.push_back(std::get<Value>(*outcome));
      }
    }
    return Outcome(Value(work->results));
  };
}

}  // namespace

Pending call_method(Server& server, const std::string& name, const Value::Array& parameters) {
  const Method* method = find_method(name);
  if (method == nullptr) return wrong(FaultCode::kUnknownMethod);
  if (parameters.size() < method->required || parameters.size() > method->parameters.size())
    return wrong(FaultCode::kIncorrectParameters);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!fits(method->parameters[i], parameters[i])) return wrong(FaultCode::kIncorrectParameters);
  }
  if (!name.starts_with("system.") && server.mood() < Mood::kRunning) return wrong(FaultCode::kShutdownState);
  return method->call(server, Parameters(parameters));
}

}  // namespace tierce::supervisord
