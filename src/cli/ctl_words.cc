#include "cli/ctl_words.h"

namespace tierce::cli {

using supervisord::FaultCode;
using supervisord::Value;

std::string text_of(const Value& value, std::string_view field) {
  const Value* found = value.field(field);
  const std::string* text = found != nullptr ? found->as<std::string>() : nullptr;
  return text != nullptr ? *text : "";
}
long number_of(const Value& value, std::string_view field) {
  const Value* found = value.field(field);
  const long* number = found != nullptr ? found->as<long>() : nullptr;
  return number != nullptr ? *number : 0;
}
const Value::Array& array_of(const Value& value) {
  static const Value::Array none;
  const Value::Array* array = value.as<Value::Array>();
  return array != nullptr ? *array : none;
}

std::string full_name(const std::string& group, const std::string& name) {
  return group == name ? name : group + ":" + name;
}
bool is_group(const std::string& name) { return name.ends_with(":*") || name.ends_with(':'); }
std::string group_of(const std::string& name) { return name.substr(0, name.find(':')); }

std::string why(long code, const std::string& text, const std::string& about) {
  switch (static_cast<FaultCode>(code)) {
    case FaultCode::kBadName:
      return "no such process";
    case FaultCode::kBadSignal:
      return "bad signal name";
    case FaultCode::kNoFile:
      return "no such file";
    case FaultCode::kNotExecutable:
      return "file is not executable";
    case FaultCode::kAlreadyStarted:
      return "already started";
    case FaultCode::kNotRunning:
      return "not running";
    case FaultCode::kSpawnError:
      return "spawn error";
    case FaultCode::kAbnormalTermination:
      return "abnormal termination";
    case FaultCode::kStillRunning:
      return "process/group still running: " + about;
    case FaultCode::kAlreadyAdded:
      return "process group already active";
    case FaultCode::kShutdownState:
      return "supervisor shutting down";
    default:
      return text;
  }
}

int exit_of(long code, FaultCode harmless) {
  const auto fault = static_cast<FaultCode>(code);
  if (fault == harmless) return 0;
  return fault == FaultCode::kSpawnError || fault == FaultCode::kAbnormalTermination || fault == FaultCode::kNotRunning
             ? kDeadExit
             : kErrorExit;
}

}  // namespace tierce::cli
